/** Time between two pages, in words. */

const DAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const NUMBERS = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"];

/** `Thursday evening, three days later`. */
export function dateLine(before_ms: number, after_ms: number): string {
  const date = new Date(after_ms);
  const hour = date.getHours();
  const part = hour < 5 ? "night" : hour < 12 ? "morning" : hour < 18 ? "afternoon" : "evening";
  const midnight = (ms: number) => new Date(ms).setHours(0, 0, 0, 0);
  const days = Math.round((midnight(after_ms) - midnight(before_ms)) / 86_400_000);
  const amount = (count: number, unit: string) =>
    `${NUMBERS[count] ?? String(count)} ${unit}${count === 1 ? "" : "s"} later`;
  const later = days === 0
    ? "later that day"
    : days < 14
    ? amount(days, "day")
    : days < 61
    ? amount(Math.round(days / 7), "week")
    : days < 730
    ? amount(Math.round(days / 30.4), "month")
    : amount(Math.round(days / 365.25), "year");
  return `${DAYS[date.getDay()]} ${part}, ${later}`;
}
