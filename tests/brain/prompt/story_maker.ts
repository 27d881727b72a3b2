/** Random stories for the prompt's property tests: trees with failures, stops, retries, edits and undo. */

import type { PathMessage } from "../../../brain/prompt/budget.ts";
import type { MessageStatus, Role } from "../../../shared/story.ts";

export type Chance = () => number;

/** Mulberry32: numbers in 0..1, the same for the same seed. */
export function chanceOf(seed: number): Chance {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function pick<Item>(chance: Chance, items: readonly Item[]): Item {
  return items[Math.floor(chance() * items.length)];
}

const WORDS =
  ("the a of lamp tide rope boat Kobal bell ledger salt gate river coat bread rain window key stair old " +
    "cold slow opens turns waits carries says nothing holds breaks falls under before into quietly")
    .split(" ");

/** About `count` words in sentences and paragraphs. */
export function prose(chance: Chance, count: number): string {
  let text = "";
  for (let i = 0; i < count; i++) {
    text += pick(chance, WORDS) + (i + 1 === count || chance() < 0.08 ? ". " : " ");
    if (chance() < 0.012) text += "\n\n";
  }
  return text.trim();
}

export interface Node extends PathMessage {
  parent_id: number | null;
}

/** One story that grows; `leaf` is what is shown. */
export class StoryTree {
  nodes: Node[] = [];
  leaf: number | null = null;

  constructor(readonly count: (text: string) => number) {}

  add(role: Role, content: string, status: MessageStatus, parent_id = this.leaf): Node {
    const node = { id: this.nodes.length + 1, parent_id, role, content, status, tokens: this.count(content) };
    this.nodes.push(node);
    this.leaf = node.id;
    return node;
  }

  path(): Node[] {
    const path: Node[] = [];
    for (let id = this.leaf; id !== null;) {
      const node = this.nodes[id - 1];
      path.unshift(node);
      id = node.parent_id;
    }
    return path;
  }
}
