/** Replies as role-play has them, for benches and tests: 150 words with emphasis, dialogue, dashes and wide characters. */

const SENTENCES = [
  'The ferrywoman has come up without her boat-hook, which you have *never* seen her do — "The keeper left that," she says quietly, 潮が満ちる前に, and keeps both hands in her coat.',
  "Out on the pier the lamp is dark; from its hook somebody has hung a duck, a **clay** one, and the wind turns it 灯台の下で揺れて to face you and away.",
  '"Paid me in eel to say I never rowed her." She is looking past you, at the water, as if somebody else had said it — and so it *may* have been 霧の海の声だった.',
  "It is lighter than it should be; something slides from beak to tail, and clicks, and behind you a board gives 古い桟橋がきしむ under a weight that has been there for a while.",
  '"Tide turns in a quarter hour," says the boy 少年はうつむき, tying and untying the same rope-end. "I can take you out — or I can go on *not* having seen you."',
];

/** Reply number `seed`: two paragraphs, about 5 % of the characters two columns wide. */
export function rolePlay(seed: number): string {
  const picked = Array.from(SENTENCES, (_, at) => SENTENCES[(seed + at) % SENTENCES.length]);
  return `${picked.slice(0, 3).join(" ")}\n\n${picked.slice(3).join(" ")}`;
}
