/** Keeps messages in memory, for tests and simulations. */
import type { DeliveryId, PeerId } from "#base/brand.ts";
import type { Message, MessageStore, NewMessage } from "#messaging/index.ts";

/** @param nextOrder shared with the transfers of the same peer. */
export function memoryMessages(nextOrder: () => number): MessageStore {
  /** In order, because maps keep it and orders only grow. */
  const messages = new Map<DeliveryId, Message>();
  const taken = new Set<DeliveryId>();
  const numbers = new Map<PeerId, { readonly nextOut: number; readonly nextIn: number }>();
  const numbersOf = (peer: PeerId) => numbers.get(peer) ?? { nextOut: 1, nextIn: 1 };
  const all = (): readonly Message[] => [...messages.values()];
  const queued = (peer: PeerId) => all().filter((one) => one.peer === peer && one.state === "queued");
  const peersOf = (some: readonly Message[]) => [...new Set(some.map(({ peer }) => peer))].sort();

  const add = (message: NewMessage): Message => {
    if (messages.has(message.deliveryId)) throw new Error(`message ${message.deliveryId} is there already`);
    const added = { ...message, order: nextOrder() };
    messages.set(message.deliveryId, added);
    return added;
  };
  const settle = (id: DeliveryId, change: Partial<Message>): Message => {
    const message = messages.get(id);
    if (message?.state !== "queued" || message.direction !== "out")
      throw new Error(`message ${id} is not queued`);
    const settled = { ...message, ...change };
    messages.set(id, settled);
    return settled;
  };

  return {
    numbers: numbersOf,
    addOutgoing: add,
    addIncoming(message, nextIn) {
      const added = add(message);
      numbers.set(message.peer, { ...numbersOf(message.peer), nextIn });
      return added;
    },
    complete(id, completion, nextOut) {
      const message = settle(id, { state: "receipted", completion });
      numbers.set(message.peer, { ...numbersOf(message.peer), nextOut });
      return message;
    },
    fail: (id, reason) => settle(id, { state: "failed", reason }),
    setNextOut(peer, nextOut) {
      numbers.set(peer, { ...numbersOf(peer), nextOut });
    },
    get: (id) => messages.get(id) ?? null,
    history: ({ peer, before = Number.POSITIVE_INFINITY, limit }) =>
      all()
        .filter((one) => one.order < before && (peer === undefined || one.peer === peer))
        .reverse()
        .slice(0, limit),
    outbox: (peer, limit) => queued(peer).slice(0, limit),
    outboxLength: (peer) => queued(peer).length,
    outboxPeers: () => peersOf(all().filter(({ state }) => state === "queued")),
    peers: () => peersOf(all()),
    countIncoming: (peer, afterOrder) =>
      all().filter((one) => one.peer === peer && one.direction === "in" && one.order > afterOrder).length,
    untaken: (limit) =>
      all()
        .filter(({ state, deliveryId }) => state === "receipted" && !taken.has(deliveryId))
        .slice(0, limit),
    markTaken: (id) => {
      if (messages.get(id)?.state === "receipted") taken.add(id);
    },
  };
}
