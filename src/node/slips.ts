/**
 * Owns the reading side of deliveries: messages and transfers of all people as one series of slips. Keeps nothing;
 * the order over both kinds was given by their common store.
 */
import type { ConversationView, SlipState, SlipView } from "#api/views.ts";
import type { DeliveryId, PeerId } from "#base/brand.ts";
import type { Message, Messaging } from "#messaging/index.ts";
import type { ReadMarkStore } from "#people/index.ts";
import type { Transfer, Transfers } from "#transfer/index.ts";
import type { Persons } from "./person-view.ts";
import { messageSlip, type Stamp, transferSlip } from "./slip-view.ts";

export interface SlipQuery {
  readonly peer?: PeerId;
  readonly before?: number;
  readonly limit: number;
  readonly direction?: "in" | "out";
}

export interface Slips {
  /** Newest first. */
  history(query: SlipQuery): readonly SlipView[];
  get(id: DeliveryId): SlipView | null;
  conversations(): readonly ConversationView[];
  markRead(peer: PeerId): void;
}

export interface SlipSources {
  readonly messaging: Pick<Messaging, "history" | "get" | "peers" | "countIncoming">;
  readonly transfers: Pick<Transfers, "history" | "get" | "peers" | "countIncoming">;
  readonly persons: Pick<Persons, "nameOf" | "view" | "list">;
  readonly readMarks: ReadMarkStore;
  readonly stampOf: (id: DeliveryId) => Stamp;
}

/** States in which a delivery waits for the other side. */
const WAITING: readonly SlipState[] = ["queued", "offered", "sending"];

/** Whoever waits for somebody should read that another key looks like theirs: perhaps they never come back. */
function explained(slip: SlipView, { view }: Pick<Persons, "view">): SlipView {
  if (slip.direction !== "out" || slip.reason === null || !WAITING.includes(slip.state)) return slip;
  const { problem } = view(slip.peerId as PeerId);
  if (problem?.code !== "key-changed" || slip.reason.code === "key-changed") return slip;
  return { ...slip, reason: { ...problem, cause: `${slip.reason.cause} ${problem.cause}` } };
}

export function createSlips(sources: SlipSources): Slips {
  const { messaging, transfers, persons, readMarks, stampOf } = sources;

  function slipOfMessage(message: Message): SlipView {
    const { deliveryId, peer } = message;
    return explained(messageSlip(message, persons.nameOf(peer), stampOf(deliveryId)), persons);
  }

  function slipOfTransfer(transfer: Transfer): SlipView {
    const { name, path, via, pathReason } = persons.view(transfer.peer);
    const way = path === null ? null : { kind: path, viaName: via?.name ?? null, reason: pathReason };
    return explained(transferSlip(transfer, name, stampOf(transfer.deliveryId), way), persons);
  }

  function page(query: SlipQuery): readonly SlipView[] {
    const messages = messaging.history(query).map(slipOfMessage);
    const files = transfers.history(query).map(slipOfTransfer);
    return [...messages, ...files].toSorted((a, b) => b.order - a.order).slice(0, query.limit);
  }

  /** Reads on while a direction filter leaves room, so that a page is short only at the end of the history. */
  function history(query: SlipQuery): readonly SlipView[] {
    const found: SlipView[] = [];
    let before = query.before;
    while (found.length < query.limit) {
      const slips = page({ ...query, ...(before === undefined ? {} : { before }) });
      found.push(
        ...slips.filter((slip) => query.direction === undefined || slip.direction === query.direction),
      );
      const last = slips.at(-1);
      if (last === undefined || slips.length < query.limit) break;
      before = last.order;
    }
    return found.slice(0, query.limit);
  }

  function unread(peer: PeerId): number {
    const mark = readMarks.get(peer);
    return messaging.countIncoming(peer, mark) + transfers.countIncoming(peer, mark);
  }

  function conversations(): readonly ConversationView[] {
    const peers = new Set<PeerId>([...messaging.peers(), ...transfers.peers()]);
    // A contact with whom nothing was exchanged yet is a conversation that waits for its first word.
    for (const person of persons.list()) if (person.contact) peers.add(person.peerId);
    return [...peers]
      .map((peer) => ({
        person: persons.view(peer),
        last: page({ peer, limit: 1 })[0] ?? null,
        unread: unread(peer),
      }))
      .toSorted((a, b) => (b.last?.order ?? 0) - (a.last?.order ?? 0));
  }

  return {
    history,
    get(id) {
      const message = messaging.get(id);
      if (message !== null) return slipOfMessage(message);
      const transfer = transfers.get(id);
      return transfer === null ? null : slipOfTransfer(transfer);
    },
    conversations,
    markRead(peer) {
      const newest = page({ peer, limit: 1 })[0];
      if (newest !== undefined) readMarks.advance(peer, newest.order);
    },
  };
}
