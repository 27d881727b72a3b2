/** What goes on beside the stories and takes its time: told to all faces while it lasts, and to those that join meanwhile. */

import type { Event, Progress } from "../shared/protocol.ts";
import { progress } from "./events.ts";

/** A work that is over by then is not worth a word. */
const PATIENCE_MS = 500;

interface Going {
  latest: Progress;
  shown: boolean;
  timer?: ReturnType<typeof setTimeout>;
}

/** The works that go on. Call `close` at the end: it holds timers. */
export class Works {
  readonly #going = new Map<string, Going>();

  /** `tell` tells all faces. */
  constructor(readonly tell: (event: Event) => void, readonly patience_ms = PATIENCE_MS) {}

  /** How far a work is now; known by its `id` until it is done or has failed. */
  take(latest: Progress): void {
    const known = this.#going.get(latest.id);
    if (latest.state !== "running") {
      clearTimeout(known?.timer);
      this.#going.delete(latest.id);
      if (known?.shown) this.tell(progress(latest));
    } else if (known !== undefined) {
      known.latest = latest;
      if (known.shown) this.tell(progress(latest));
    } else {
      const work: Going = { latest, shown: false };
      work.timer = setTimeout(() => {
        work.shown = true;
        this.tell(progress(work.latest));
      }, this.patience_ms);
      this.#going.set(latest.id, work);
    }
  }

  /** What a face that joins now is told of them. */
  shown(): Event[] {
    return [...this.#going.values()].filter(({ shown }) => shown).map(({ latest }) => progress(latest));
  }

  close(): void {
    for (const { timer } of this.#going.values()) clearTimeout(timer);
    this.#going.clear();
  }
}
