/** What counts how much when units are ranked: the one table, with the evidence beside each row. */

export interface Weights {
  /** Part of the previous message's best score that a unit gets, and of the next one's. */
  previous: number;
  next: number;
  /** What the passage around a unit is worth beside the best unit, and how many messages a passage has. */
  window: number;
  window_size: number;
  /** What words are worth that stand in the best finds and not in the question; how many finds and words. */
  feedback: number;
  feedback_units: number;
  feedback_terms: number;
  /** Factors: said by the one whom the question names; tells a time when one is asked for; a short question itself. */
  speaker: number;
  time: number;
  short_question: number;
  own_words: number;
  /**
   * Exponents, so that 0 weighs nothing: of the share of the question's words that stand in a unit (0 to 1; in lore also in
   * another form, which tells the finds from each other), of its length
   * (in 200 characters, up to 2), of the likeness of the message before it, which it may be the answer to (up to 1).
   */
  share: number;
  longer: number;
  answers: number;
  /** Factor: the question names what stands in the heading of a piece of lore. */
  heading: number;
  /** What the best fact and the most similar unit are worth beside the best words. */
  facts: number;
  vectors: number;
  /** A cosine up to this is no likeness. */
  similar_from: number;
}

const PLAIN: Weights = {
  previous: 0,
  next: 0,
  window: 0,
  window_size: 16,
  feedback: 0,
  feedback_units: 5,
  feedback_terms: 10,
  speaker: 1,
  time: 1,
  short_question: 1,
  own_words: 1,
  share: 0,
  longer: 0,
  answers: 0,
  heading: 1,
  facts: 0,
  vectors: 0,
  similar_from: 0.2,
};

/** Words alone, as FTS5 finds them: what all else is measured against. */
export const WORDS_ONLY: Weights = PLAIN;

// Evidence: memory.md 1, and `deno task eval:memory` on five dialogues (1,018 questions) and eight books (a quarter of the
// explicit questions), each row changed alone. R@5 / R@10 / recall@300, or coverage@300 for lore.
export const MEMORY_WEIGHTS: Weights = {
  heading: 1,
  // .4/.2: 74.9 / 83.2 / 80.3, .5/.3: 75.1 / 83.1 / 80.9, .6/.1: 75.4 / 83.3 / 80.5.
  previous: 0.5,
  next: 0.3,
  // .3: 73.4 / 82.8 / 79.6, .5: 75.1 / 83.1 / 80.9, .8: 75.6 / 83.9 / 81.3, 1.2: 75.3 / 84.0 / 80.6; books agree. Over 12
  // messages 76.3 / 84.1 / 80.8, over 16 76.9 / 83.8 / 81.2, over 24 two points less.
  window: 0.8,
  window_size: 16,
  // 0: 73.4 / 82.3 / 79.2, .2: 75.1 / 83.1 / 80.9, .3: 75.2 / 83.2 / 80.9.
  feedback: 0.2,
  feedback_units: 5,
  feedback_terms: 10,
  // 1.6: 74.0 / 82.4 / 79.6, 1.4: 75.1 / 83.1 / 80.9.
  speaker: 1.4,
  time: 1.4,
  // .4: 75.1 / 82.9 / 80.8, .6: 75.1 / 83.1 / 80.9. Short means 200 characters: at 80 75.8 / 83.8 / 81.4 and MRR .612, at
  // 200 76.9 / 83.8 / 81.2 and .627, of any length 76.3 / 83.1 / 80.3 and .622.
  short_question: 0.6,
  // Our own stories only: "What did I promise?".
  own_words: 1.2,
  // These three: fitted as a logistic model on the finds of three dialogues, MRR of the two others went from .637 to .688;
  // fitted on these two, that of the three from .620 to .641. In this form, on every second question, all arms: R@5 / R@10 /
  // MRR / recall@300 words alone 70.4 / 79.9 / .562 / 76.2 to 70.7 / 81.1 / .582 / 75.3, vectors 72.8 / 81.4 / .577 / 78.5
  // to 74.6 / 82.9 / .612 / 78.7, facts 74.4 / 82.5 / .615 / 79.5 to 76.0 / 84.2 / .636 / 80.4. `longer` .3: MRR .629 and
  // recall@300 79.6, because what is long fills the page. All questions, facts at .6: `share` .3 77.0 / 85.2 / .648 / 81.2,
  // .4 76.7 / 85.2 / .653 / 81.1; `answers` .8 77.3 / 85.2 / .649 / 81.5.
  share: 0.4,
  longer: 0.1,
  answers: 0.6,
  // 0: 73.5 / 81.5 / 79.6, .5: 75.1 / 83.1 / 80.9, .8: 73.5 / 82.9 / 78.9, 1.2: 71.4 / 80.5 / 76.8.
  // Since the finds are weighed once more, of MRR and recall@300: .5 .647 / 81.6, .55 .647 / 81.6, .6 .648 / 81.2.
  facts: 0.6,
  // 0: 74.0 / 81.6 / 78.1, .35: 75.3 / 83.1 / 81.0, .5: 75.1 / 83.1 / 80.9, 1: 73.2 / 82.2 / 79.1.
  vectors: 0.4,
  // .1: 75.4 / 83.3 / 81.0, .2: 75.1 / 83.1 / 80.9, .3: 74.6 / 83.0 / 80.3.
  similar_from: 0.15,
};

export const LORE_WEIGHTS: Weights = {
  ...PLAIN,
  // The shipped worlds, read: at 1 "what the bell means" brings four entries that say "ask" before The drowned bell. Only
  // where a heading stands over an entry of three pieces at most: over whole tales coverage went from 79.1 to 73.2.
  heading: 2,
  // .4: 75.2, .2: 75.2, .6: 73.4; beside a strong passage .3 is best: 78.0 to 78.5.
  previous: 0.3,
  next: 0.3,
  // 0: 75.2, .3 over 8: 76.7, .5 over 16: 77.2, .8 over 16: 78.0, .8 over 32: 77.6. With three told whole (choose.ts) and
  // vectors at .4, 1 over 20: 80.8 for 80.5.
  window: 1,
  window_size: 20,
  // .2: 73.8 instead of 75.2.
  feedback: 0,
  // 0: 79.1, .3: 79.9, .5: 79.6, .8: 78.5.
  vectors: 0.4,
  // By sharesAmong of weigh.ts, every sixth question, all books and either half of them: 0 79.8 (80.9, 78.3), .3 80.3 (81.3,
  // 78.9), .5 81.3 (82.4, 79.4), .7 80.9 (82.5, 78.3), 1 81.1 (82.8, 78.3); by words alone 0 78.4, .5 78.4.
  share: 0.5,
};
