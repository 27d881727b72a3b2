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
  facts: 0,
  vectors: 0,
  similar_from: 0.2,
};

/** Words alone, as FTS5 finds them: what all else is measured against. */
export const WORDS_ONLY: Weights = PLAIN;

export const MEMORY_WEIGHTS: Weights = {
  previous: 0.5,
  next: 0.3,
  window: 0.5,
  window_size: 16,
  feedback: 0.2,
  feedback_units: 5,
  feedback_terms: 10,
  speaker: 1.4,
  time: 1.4,
  short_question: 0.6,
  own_words: 1.2,
  facts: 0.5,
  vectors: 0.5,
  similar_from: 0.2,
};

export const LORE_WEIGHTS: Weights = {
  ...PLAIN,
  previous: 0.4,
  next: 0.4,
  feedback: 0,
  vectors: 0.5,
};
