/**
 * Owns the writing end of the event stream: who follows, from where, how much may wait for a slow reader. What
 * happens comes from the facade's feed.
 */
import { utf8 } from "#base/bytes.ts";
import { type Problem, problem } from "#base/result.ts";
import type { EventFeed, SequencedEvent } from "#node/facade.ts";
import type { Clock } from "#ports/clock.ts";
import { HEARTBEAT, writePosition, writeStreamEvent } from "./event-stream.ts";
import { DATA_HEADERS } from "./gate.ts";
import { EVENT_BUFFER_BYTES_MAX, EVENT_CLIENTS_MAX, HEARTBEAT_PERIOD_MS } from "./limits.ts";

export interface EventHub {
  /** Where the stream stands, as an id. */
  position(): string;
  /**
   * @param after id of the last event the reader has; `null`: from now on.
   * @param cut breaks the reader's connection off.
   */
  open(after: string | null, cut: () => void): Response | Problem;
  /** Ends every stream; readers come back by themselves. */
  close(): void;
}

const idOf = ({ epoch, sequence }: Pick<SequencedEvent, "epoch" | "sequence">) => `${epoch}-${sequence}`;

const textOf = (sequenced: SequencedEvent) =>
  writeStreamEvent({
    id: idOf(sequenced),
    type: sequenced.event.type,
    data: JSON.stringify(sequenced.event),
  });

/** The sequence number in an id of this run; `null` for ids of another run and for anything else. */
function sequenceOf(id: string, epoch: string): number | null {
  const digits = id.startsWith(`${epoch}-`) ? id.slice(epoch.length + 1) : "";
  return /^(0|[1-9][0-9]{0,14})$/.test(digits) ? Number(digits) : null;
}

/** One follower. Its queue is counted in bytes; a reader who lets it fill is cut off, and resumes by id. */
class Follower {
  readonly stream: ReadableStream<Uint8Array>;
  readonly #ended: () => void;
  readonly #cut: () => void;
  #controller: ReadableStreamDefaultController<Uint8Array> | null = null;

  constructor(edge: { readonly ended: () => void; readonly cut: () => void }) {
    this.#ended = edge.ended;
    this.#cut = edge.cut;
    this.stream = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#controller = controller;
        },
        cancel: () => this.#end(),
      },
      { highWaterMark: EVENT_BUFFER_BYTES_MAX, size: (piece) => piece?.length ?? 0 },
    );
  }

  write(text: string): void {
    if (this.#controller === null) return;
    const bytes = utf8(text);
    if (bytes.length > (this.#controller.desiredSize ?? 0)) this.#cutOff();
    else this.#controller.enqueue(bytes);
  }

  /** In order: what is queued is still delivered. */
  close(): void {
    this.#controller?.close();
    this.#end();
  }

  /** Closing in order would wait until the reader has taken what is queued. */
  #cutOff(): void {
    this.close();
    this.#cut();
  }

  #end(): void {
    this.#controller = null;
    this.#ended();
  }
}

export function createEventHub(feed: EventFeed, clock: Clock): EventHub {
  const followers = new Set<Follower>();
  const heartbeat = clock.every(HEARTBEAT_PERIOD_MS, () => {
    for (const follower of [...followers]) follower.write(HEARTBEAT);
  });
  const here = () => idOf({ epoch: feed.epoch, sequence: feed.latest() });
  const reset = () =>
    writeStreamEvent({ id: here(), type: "reset", data: JSON.stringify({ type: "reset" }) });

  /** What a reader who has `after` must be told first. */
  function catchUp(after: string | null): string {
    if (after === null) return writePosition(here());
    const sequence = sequenceOf(after, feed.epoch);
    const missed = sequence === null ? null : feed.since(sequence);
    if (missed === null) return reset();
    const text = writePosition(after) + missed.map(textOf).join("");
    // So much past would fill the queue before the reader could take any of it; snapshots are shorter.
    return text.length > EVENT_BUFFER_BYTES_MAX / 4 ? reset() : text;
  }

  return {
    position: here,
    open(after, cut) {
      if (followers.size >= EVENT_CLIENTS_MAX) {
        const cause = `${EVENT_CLIENTS_MAX} pages or programs follow the events already.`;
        return problem("too-many-followers", cause, "Close some of the open pages.");
      }
      // Between reading the past and following the present nothing may happen: all of this is one turn.
      const unsubscribe = feed.subscribe((event) => follower.write(textOf(event)));
      const ended = () => {
        unsubscribe();
        followers.delete(follower);
      };
      const follower = new Follower({ ended, cut });
      followers.add(follower);
      follower.write(catchUp(after));
      return new Response(follower.stream, {
        headers: {
          ...DATA_HEADERS,
          "Content-Type": "text/event-stream; charset=utf-8",
          "X-Accel-Buffering": "no",
        },
      });
    },
    close() {
      heartbeat.cancel();
      for (const follower of [...followers]) follower.close();
    },
  };
}
