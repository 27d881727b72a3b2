/** The signs that the program adds to the page: as they are meant, and in ASCII. */

/** The signs of the margin and of the status row. */
export interface Marks {
  player: string;
  bloom: string;
  notice: string;
  error: string;
  rule: string;
  full: string;
  empty: string;
  done: string;
  open: string;
  bar: string;
  below: string;
  previous: string;
  next: string;
  separator: string;
  ellipsis: string;
  arrows: string;
  sideways: string;
  spinner: readonly string[];
}

export const MARKS: Marks = {
  player: "›",
  bloom: "✿",
  notice: "·",
  error: "✗",
  rule: "─",
  full: "▰",
  empty: "▱",
  done: "✓",
  open: "○",
  bar: "▎",
  below: "▼",
  previous: "‹",
  next: "›",
  separator: "·",
  ellipsis: "…",
  arrows: "↑↓",
  sideways: "←→",
  spinner: ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"],
};
export const ASCII_MARKS: Marks = {
  player: ">",
  bloom: "*",
  notice: ".",
  error: "x",
  rule: "-",
  full: "#",
  empty: ".",
  done: "x",
  open: "o",
  bar: "|",
  below: "v",
  previous: "<",
  next: ">",
  separator: "-",
  ellipsis: "...",
  arrows: "Up/Down",
  sideways: "Left/Right",
  spinner: ["-", "\\", "|", "/"],
};
