/**
 * Owns one-use tickets: a link that a browser follows carries no header, and a token in it would stay in histories
 * and in lists of processes. A ticket is good once, briefly, and for one thing.
 */
import { toHex } from "#base/bytes.ts";
import type { Clock } from "#ports/clock.ts";
import type { Random } from "#ports/random.ts";
import { TICKET_LIFETIME_MS, TICKETS_MAX } from "./limits.ts";

export interface Tickets<Subject> {
  /** 64 hex digits. */
  issue(subject: Subject): string;
  /** What the ticket was for; `null` when it is unknown, used, or too old. It is used up now. */
  redeem(ticket: string): { readonly subject: Subject } | null;
}

export interface ServerTickets {
  readonly files: Tickets<{ readonly id: string; readonly path: string }>;
  readonly page: Tickets<null>;
}

export function createTickets<Subject>(edge: {
  readonly clock: Clock;
  readonly random: Random;
}): Tickets<Subject> {
  const issued = new Map<string, { readonly subject: Subject; readonly expiresMs: number }>();
  return {
    issue(subject) {
      const ticket = toHex(edge.random.bytes(32));
      issued.set(ticket, { subject, expiresMs: edge.clock.monotonicMs() + TICKET_LIFETIME_MS });
      if (issued.size > TICKETS_MAX) issued.delete(issued.keys().next().value ?? ticket);
      return ticket;
    },
    redeem(ticket) {
      const found = issued.get(ticket);
      issued.delete(ticket);
      return found === undefined || edge.clock.monotonicMs() > found.expiresMs ? null : found;
    },
  };
}
