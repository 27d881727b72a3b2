/** Lines of a player that ask for nothing. */

const BLAND = [
  [
    "I nod",
    "Yes",
    "I wait",
    "I keep walking",
    "I sit down",
    "I look around",
    "I shrug",
    "I smile",
    "Okay",
    "I sigh",
  ],
  [
    "",
    " slowly",
    " for a moment",
    " and say nothing",
    " again",
    " quietly",
    " and go on",
    " then",
    ", thinking",
    " too",
  ],
  [".", "..."],
];

/** Two hundred of them. */
export function blandLines(): string[] {
  return BLAND[0].flatMap((a) => BLAND[1].flatMap((b) => BLAND[2].map((c) => `${a}${b}${c}`)));
}
