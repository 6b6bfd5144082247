/** Keeps transfers in memory, for tests and simulations. */
import type { DeliveryId } from "#base/brand.ts";
import type { StoredTransfer, TransferStore } from "#transfer/index.ts";

/** @param nextOrder shared with the messages of the same peer. */
export function memoryTransfers(nextOrder: () => number): TransferStore {
  /** In order, because maps keep it and orders only grow. */
  const transfers = new Map<DeliveryId, StoredTransfer>();
  const manifests = new Map<DeliveryId, Uint8Array>();
  const taken = new Set<DeliveryId>();
  const all = (): readonly StoredTransfer[] => [...transfers.values()];

  return {
    add(transfer, manifest) {
      const id = transfer.deliveryId;
      if (transfers.has(id)) throw new Error(`transfer ${id} is there already`);
      const added: StoredTransfer = { ...transfer, order: nextOrder() };
      transfers.set(id, added);
      manifests.set(id, manifest.slice());
      return added;
    },
    change(id, change) {
      const transfer = transfers.get(id);
      if (transfer === undefined) throw new Error(`no transfer ${id}`);
      // Phases of one side never meet a record of the other: each side changes only its own.
      const changed = { ...transfer, ...change } as StoredTransfer;
      transfers.set(id, changed);
      return changed;
    },
    get: (id) => transfers.get(id) ?? null,
    manifest: (id) => manifests.get(id)?.slice() ?? null,
    history: ({ peer, before = Number.POSITIVE_INFINITY, limit }) =>
      all()
        .filter((one) => one.order < before && (peer === undefined || one.peer === peer))
        .reverse()
        .slice(0, limit),
    unfinished: () => all().filter(({ phase, notice }) => notice !== null || !ENDS.has(phase)),
    peers: () => [...new Set(all().map(({ peer }) => peer))].sort(),
    countIncoming: (peer, afterOrder) =>
      all().filter((one) => one.peer === peer && one.direction === "in" && one.order > afterOrder).length,
    untaken: (limit) =>
      all()
        .filter(({ phase, deliveryId }) => phase === "receipted" && !taken.has(deliveryId))
        .slice(0, limit),
    markTaken: (id) => {
      if (transfers.get(id)?.phase === "receipted") taken.add(id);
    },
  };
}

const ENDS: ReadonlySet<string> = new Set(["receipted", "declined", "cancelled", "failed"]);
