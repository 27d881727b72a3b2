/** File names for stories that are taken out. Pure. */

export type ExportFormat = "md" | "txt" | "jsonl";
export const EXPORT_FORMATS: readonly ExportFormat[] = ["md", "txt", "jsonl"];

const MAX_SLUG = 40;

/**
 * A file name of letters, digits and hyphens, from the title and the id of a story: nothing in it can lead out of a
 * folder, hide the file or mean something to a shell. At most 200 bytes.
 */
export function exportName(title: string, id: string, format: ExportFormat): string {
  const plain = (text: string, max: number) =>
    [...text.normalize("NFC").toLowerCase().replace(/[^\p{L}\p{N}]+/gu, "-")].slice(0, max).join("")
      .replace(/^-+|-+$/g, "");
  return `${plain(title, MAX_SLUG) || "story"}-${plain(id, 12) || "0"}.${format}`;
}
