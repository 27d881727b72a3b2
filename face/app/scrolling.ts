/** Scrolling: the page of the story, or the page of words over it. */

import { scrollBy, viewPage } from "../widgets/page.ts";
import { geometry, pageContext } from "./geometry.ts";
import { isOpening, type Model, type Result } from "./model.ts";
import { askBefore } from "./seek.ts";
import { scrollSheet } from "./sheet.ts";

/** By so many rows, down or up. */
export function scroll(model: Model, rows: number, now_ms: number): Result {
  if (model.sheet !== null) {
    return [{ ...model, sheet: scrollSheet(model, model.sheet, rows) }, []];
  }
  if (isOpening(model)) return [model, []];
  const height = geometry(model).page_height;
  const scrolled = scrollBy(pageContext(model, now_ms), model.scroll, height, rows);
  return askEarlier({ ...model, scroll: scrolled }, now_ms);
}

/** At the top of what is loaded, the brain is asked for more. */
export function askEarlier(model: Model, now_ms: number): Result {
  const view = viewPage(pageContext(model, now_ms), model.scroll, geometry(model).page_height);
  return (view.at_start ? askBefore(model, now_ms) : null) ?? [model, []];
}
