/**
 * Owns the reading end of the event stream: one endless sequence of events over connections that come and go,
 * resumed after the last event received. Does not know what events mean.
 */
import type { EventView } from "#api/views.ts";
import { type Problem, problem } from "#base/result.ts";
import { type Caller, type ClientDependencies, refusalOf, unreachablePeer } from "./call.ts";
import { StreamEventReader } from "./event-stream.ts";
import {
  EVENT_CHARACTERS_MAX,
  EVENT_SILENCE_MAX_MS,
  RECONNECT_DELAY_MAX_MS,
  RECONNECT_DELAY_MIN_MS,
} from "./limits.ts";

/** An event with its id; `reset` means that the snapshots must be read again. */
export interface ReceivedEvent {
  readonly id: string | null;
  readonly event: EventView;
}

export type Connection =
  | { readonly state: "open" }
  /** Tries again by itself after `retryInMs`. */
  | { readonly state: "waiting"; readonly problem: Problem; readonly retryInMs: number };

export interface EventsOptions {
  readonly signal: AbortSignal;
  /** An `eventId` of a snapshot, or the id of the last event handled; without one, events from now on. */
  readonly fromId?: string | null;
  readonly onConnection?: (connection: Connection) => void;
}

export async function* receiveEvents(
  call: Caller,
  dependencies: ClientDependencies,
  options: EventsOptions,
): AsyncGenerator<ReceivedEvent, void, undefined> {
  const { signal, onConnection } = options;
  let lastId = options.fromId ?? null;
  let delayMs = RECONNECT_DELAY_MIN_MS;
  while (!signal.aborted) {
    const attempt = new AbortController();
    const stop = () => attempt.abort();
    signal.addEventListener("abort", stop, { once: true });
    const silence = new SilenceWatch(dependencies, attempt);
    let why = problem("events-ended", "The peer ended the event stream.", "Nothing; it is opened again.");
    try {
      silence.heard();
      const headers = lastId === null ? {} : { "Last-Event-ID": lastId };
      const response = await call.request("events", { signal: attempt.signal }, headers);
      if (!response.ok || response.body === null) why = await refusalOf(response);
      else {
        onConnection?.({ state: "open" });
        for await (const received of readEvents(response.body, silence)) {
          delayMs = RECONNECT_DELAY_MIN_MS;
          lastId = received.id ?? lastId;
          if (received.event !== null) yield { id: received.id, event: received.event };
        }
      }
    } catch (error) {
      why = unreachablePeer("its address", error);
    } finally {
      signal.removeEventListener("abort", stop);
      silence.end();
      attempt.abort();
    }
    if (signal.aborted) return;
    onConnection?.({ state: "waiting", problem: why, retryInMs: delayMs });
    await dependencies.wait(delayMs, signal);
    delayMs = Math.min(delayMs * 2, RECONNECT_DELAY_MAX_MS);
  }
}

/** Events, and between them ids alone: `event` is `null` where the stream only said where it stands. */
async function* readEvents(
  body: ReadableStream<Uint8Array>,
  silence: SilenceWatch,
): AsyncGenerator<{ id: string | null; event: EventView | null }, void, undefined> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  const events = new StreamEventReader(EVENT_CHARACTERS_MAX);
  try {
    for (;;) {
      const piece = await reader.read();
      if (piece.done) return;
      silence.heard();
      const complete = events.feed(decoder.decode(piece.value, { stream: true }));
      if (complete === null) return;
      for (const { id, data } of complete) yield { id, event: JSON.parse(data) as EventView };
      yield { id: events.lastId, event: null };
    }
  } finally {
    // The reader may have been left in the middle by the consumer; the connection must not outlive it.
    await reader.cancel().catch(() => undefined);
  }
}

/** Breaks off an attempt when nothing, not even a heartbeat, came for too long: a sleeping laptop, a dead process. */
class SilenceWatch {
  readonly #dependencies: ClientDependencies;
  readonly #attempt: AbortController;
  #timer = new AbortController();

  constructor(dependencies: ClientDependencies, attempt: AbortController) {
    this.#dependencies = dependencies;
    this.#attempt = attempt;
  }

  heard(): void {
    this.end();
    const timer = new AbortController();
    this.#timer = timer;
    void this.#dependencies.wait(EVENT_SILENCE_MAX_MS, timer.signal).then(() => {
      if (!timer.signal.aborted) this.#attempt.abort();
    });
  }

  end(): void {
    this.#timer.abort();
  }
}
