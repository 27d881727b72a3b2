// The clipboard through the terminal: OSC 52, which also works over ssh.

/** Terminals take about 100,000 bytes of base64; longer texts are better written to a file. */
const MAX_BASE64 = 100_000;

/** The bytes that put `text` into the clipboard; null when it is too long for that. */
export function clipboardBytes(text: string): Uint8Array | null {
  const bytes = new TextEncoder().encode(text);
  if (Math.ceil(bytes.length / 3) * 4 > MAX_BASE64) return null;
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return new TextEncoder().encode(`\x1b]52;c;${btoa(binary)}\x07`);
}
