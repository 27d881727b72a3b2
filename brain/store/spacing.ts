/** How text is indexed when its script writes no blanks between words (Chinese, Japanese, Korean). Pure. */

/** Whether the text has such characters. */
export function isUnspaced(text: string): boolean {
  return UNSPACED.test(text);
}

/** The text with blanks around each such character, so that neighbours can be searched as a phrase; else null. */
export function spaced(text: string): string | null {
  return isUnspaced(text) ? text.replace(EACH_UNSPACED, " $& ") : null;
}

/** The text cut where such characters begin or end. */
export function scriptRuns(text: string): string[] {
  return text.match(RUNS) ?? [];
}

const SCRIPTS = "\\p{Script=Han}\\p{Script=Hiragana}\\p{Script=Katakana}\\p{Script=Hangul}ー";
const UNSPACED = new RegExp(`[${SCRIPTS}]`, "u");
const EACH_UNSPACED = new RegExp(`[${SCRIPTS}]`, "gu");
const RUNS = new RegExp(`[${SCRIPTS}]+|[^${SCRIPTS}]+`, "gu");
