/** What goes on beside the stories and takes its time: told to all faces while it lasts, and to those that join meanwhile. */

import type { Event, Progress } from "../shared/protocol.ts";
import { progress } from "./events.ts";

/** A work that is over by then is not worth a word. */
const PATIENCE_MS = 500;
/** Nobody reads figures that change more often. */
const PACE_MS = 250;

interface Going {
  latest: Progress;
  /** What was told last; null: nothing yet. */
  told: Progress | null;
  /** Until it runs out nothing is told. */
  timer: ReturnType<typeof setTimeout> | undefined;
}

/** The works that go on. Call `close` at the end: it holds timers. */
export class Works {
  readonly #going = new Map<string, Going>();

  /** `tell` tells all faces. */
  constructor(
    readonly tell: (event: Event) => void,
    readonly limits: { patience_ms: number; pace_ms: number } = {
      patience_ms: PATIENCE_MS,
      pace_ms: PACE_MS,
    },
  ) {}

  /** How far a work is now; known by its `id` until it is done or has failed. */
  take(latest: Progress): void {
    const known = this.#going.get(latest.id);
    if (latest.state !== "running") {
      clearTimeout(known?.timer);
      this.#going.delete(latest.id);
      if (known !== undefined && known.told !== null) this.tell(progress(latest));
    } else if (known !== undefined) {
      known.latest = latest;
      if (known.timer === undefined) this.#tell(known);
    } else {
      const work: Going = { latest, told: null, timer: undefined };
      work.timer = setTimeout(() => this.#tell(work), this.limits.patience_ms);
      this.#going.set(latest.id, work);
    }
  }

  /** What a face that joins now is told of them. */
  shown(): Event[] {
    return [...this.#going.values()].flatMap(({ told }) => told === null ? [] : [progress(told)]);
  }

  close(): void {
    for (const { timer } of this.#going.values()) clearTimeout(timer);
    this.#going.clear();
  }

  #tell(work: Going): void {
    work.told = work.latest;
    this.tell(progress(work.latest));
    work.timer = setTimeout(() => {
      work.timer = undefined;
      if (work.told !== work.latest) this.#tell(work);
    }, this.limits.pace_ms);
  }
}
