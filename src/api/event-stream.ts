/**
 * Owns the text of server-sent events (HTML Living Standard, 9.2.6): writing one event, and reading a stream of
 * them piece by piece. Knows neither what events mean nor how they travel.
 */

/** One dispatched event. `id` is the last id the stream gave, `null` when it gave none yet. */
export interface StreamEvent {
  readonly id: string | null;
  readonly type: string;
  readonly data: string;
}

/** A comment line; it keeps idle connections alive and shows the reader that the writer lives. */
export const HEARTBEAT = ": alive\n\n";

/** An id without an event: where the stream stands. Dispatches nothing. */
export function writePosition(id: string): string {
  return `id: ${id}\n\n`;
}

/** @param event `id` and `type` must not hold line breaks; they are ours. */
export function writeStreamEvent(event: StreamEvent): string {
  const id = event.id === null ? "" : `id: ${event.id}\n`;
  const data = event.data
    .split(/\r\n|\r|\n/)
    .map((line) => `data: ${line}\n`)
    .join("");
  return `event: ${event.type}\n${id}${data}\n`;
}

/** Gathers text into events. Feed it decoded text in order; it keeps what is not complete yet. */
export class StreamEventReader {
  readonly #charactersMax: number;
  #rest = "";
  #data: string[] = [];
  #dataCharacters = 0;
  #type = "";
  #id: string | null = null;

  /** @param charactersMax longest event accepted. */
  constructor(charactersMax: number) {
    this.#charactersMax = charactersMax;
  }

  /** The last id given by the stream, with or without an event. */
  get lastId(): string | null {
    return this.#id;
  }

  /** The events that `text` completes; `null` when one grows above the limit, after which the stream is useless. */
  feed(text: string): readonly StreamEvent[] | null {
    this.#rest += text;
    const events: StreamEvent[] = [];
    for (;;) {
      const end = /\r\n|\n|\r(?=[\s\S])/.exec(this.#rest);
      if (end === null) break;
      const line = this.#rest.slice(0, end.index);
      this.#rest = this.#rest.slice(end.index + end[0].length);
      const event = this.#line(line);
      if (event !== null) events.push(event);
    }
    return this.#rest.length + this.#dataCharacters > this.#charactersMax ? null : events;
  }

  #line(line: string): StreamEvent | null {
    if (line === "") return this.#dispatch();
    const colon = line.indexOf(":");
    if (colon === 0) return null;
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "data") {
      this.#data.push(value);
      this.#dataCharacters += value.length + 1;
    } else if (field === "event") this.#type = value;
    else if (field === "id" && !value.includes("\0")) this.#id = value;
    return null;
  }

  #dispatch(): StreamEvent | null {
    const event = { id: this.#id, type: this.#type || "message", data: this.#data.join("\n") };
    const empty = this.#data.length === 0;
    this.#data = [];
    this.#dataCharacters = 0;
    this.#type = "";
    return empty ? null : event;
  }
}
