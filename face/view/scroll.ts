/** How two screens differ by a scroll of the page: a hint that makes the next frame short. */

import type { ScrollHint } from "../term/paint.ts";
import type { Screen } from "../view.ts";

/** How far the page moved between two screens, if its first row is still known. */
export function scrollOf(before: Screen, after: Screen): ScrollHint | undefined {
  if (before.page === null || after.page === null) return undefined;
  const { top, bottom } = after.page;
  if (before.page.top !== top || before.page.bottom !== bottom) return undefined;
  const rows = movedBy(before.page.view.rows.map(rowKey), after.page.view.rows.map(rowKey));
  return rows === 0 ? undefined : { top, bottom, rows };
}

type Row = NonNullable<Screen["page"]>["view"]["rows"][number];
const rowKey = (row: Row): unknown => row.kind === "prose" ? row.row : null;

/** The shift that puts a known row of the one list where it stands in the other; 0 when there is none. */
function movedBy(before: unknown[], after: unknown[]): number {
  for (const [from, key] of before.entries()) {
    if (key === null) continue;
    const to = after.indexOf(key);
    if (to >= 0) return from - to;
  }
  return 0;
}
