/**
 * Owns how events reach what the page holds: the open stream, the snapshots it is merged into, and what is read again
 * when a block lands or events were missed. Does not know what an event means; desk.ts and history.ts do.
 */
import { QueryClient } from "@tanstack/react-query";
import type { Answered, Connection } from "#api/client.ts";
import type { EventView, PersonView, SlipView } from "#api/views.ts";
import type { PeerId } from "#base/brand.ts";
import type { Problem } from "#base/result.ts";
import { type Desk, reduceDesk } from "./desk.ts";
import { type History, historyOf, reduceHistory } from "./history.ts";
import { client } from "./session.ts";

/** Slips read at once: two screens of a conversation. */
export const HISTORY_PAGE = 60;
/** Blocks read at once. */
export const BLOCKS_PAGE = 60;

/** A refusal on its way through react-query, which carries only exceptions. */
export class Refused extends Error {
  readonly problem: Problem;

  constructor(fault: Problem) {
    super(fault.cause);
    this.name = "Refused";
    this.problem = fault;
  }
}

export function valueIn<Value>(answer: Answered<Value>): Value {
  if (!answer.ok) throw new Refused(answer.fault);
  return answer.value;
}

export const queries = new QueryClient({
  defaultOptions: {
    // Events keep what is here up to date; nothing is asked for twice out of doubt.
    queries: { staleTime: Number.POSITIVE_INFINITY, refetchOnWindowFocus: false, retry: false },
  },
});

/**
 * Events that arrive while a snapshot is on its way: it may have been taken before them, so that they are applied to
 * it once more. Every event says what something is now, hence twice does no harm.
 */
const journals = new Set<EventView[]>();

async function eventsDuring<Value>(
  load: () => Promise<Value>,
  reduce: (value: Value, event: EventView) => Value,
): Promise<Value> {
  const journal: EventView[] = [];
  journals.add(journal);
  try {
    const value = await load();
    return journal.reduce(reduce, value);
  } finally {
    journals.delete(journal);
  }
}

let reading: PeerId | null = null;

/** Says whose conversation the reader has open; `null` when none. */
export function setReading(peerId: PeerId | null): void {
  reading = peerId;
}

let eventsFrom: string | null = null;

export function loadDesk(): Promise<Desk> {
  const load = async (): Promise<Desk> => {
    // Status alone and first: its place in the stream is then not above that of any other part.
    const status = await client.status();
    if (status.ok) eventsFrom = status.eventId ?? eventsFrom;
    const [people, conversations, blocks, pending] = await Promise.all([
      client.people(),
      client.conversations(),
      client.blocks({ limit: BLOCKS_PAGE }),
      client.pending(),
    ]);
    return {
      status: valueIn(status),
      people: valueIn(people),
      conversations: valueIn(conversations),
      blocks: valueIn(blocks),
      aside: [],
      pending: valueIn(pending),
    };
  };
  return eventsDuring(load, (desk, event) => reduceDesk(desk, event, reading));
}

export function loadHistory(peerId: string): Promise<History> {
  const load = async () =>
    historyOf(valueIn(await client.slips({ who: peerId, limit: HISTORY_PAGE })), HISTORY_PAGE);
  return eventsDuring(load, (history, event) => reduceHistory(history, isOf(event, peerId) ? event : RESET));
}

const RESET: EventView = { type: "reset" };

function isOf(event: EventView, peerId: string): event is Extract<EventView, { type: "slip" }> {
  return event.type === "slip" && event.slip.peerId === peerId;
}

function apply(event: EventView): void {
  for (const journal of journals) journal.push(event);
  queries.setQueryData<Desk>(["desk"], (desk) => desk && reduceDesk(desk, event, reading));
  switch (event.type) {
    case "reset":
      void queries.invalidateQueries();
      return;
    case "slip":
      queries.setQueryData<History>(
        ["history", event.slip.peerId],
        (history) => history && reduceHistory(history, event),
      );
      queries.setQueryData<SlipView>(["slip", event.slip.id], (slip) => slip && event.slip);
      return;
    case "chain":
      // Confirmations count up with every block.
      void queries.invalidateQueries({ queryKey: ["block"] });
      void queries.invalidateQueries({ queryKey: ["transaction"] });
      void queries.invalidateQueries({ queryKey: ["wallet"] });
      return;
    case "pool":
      void queries.invalidateQueries({ queryKey: ["wallet"] });
      return;
    case "person":
      // Whoever comes by an invite is told as a person; the invite is used then.
      void queries.invalidateQueries({ queryKey: ["invites"] });
      return;
    case "mining":
    case "status":
      return;
  }
}

/** Puts what the peer answered about a person into what the page holds, ahead of the event that says the same. */
export function keepPerson(person: PersonView): void {
  apply({ type: "person", person });
}

/** Follows the stream until the signal is aborted. */
export async function follow(
  signal: AbortSignal,
  onConnection: (connection: Connection) => void,
): Promise<void> {
  for await (const { event } of client.events({ signal, fromId: eventsFrom, onConnection })) apply(event);
}
