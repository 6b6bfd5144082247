/** Keeps receipts, their batches and the outbox of proofs in memory, for tests and simulations. */
import type { BatchRecord, Handover, ReceiptRecord, ReceiptStore } from "#anchoring/index.ts";
import type { DeliveryId } from "#base/brand.ts";

export function memoryReceipts(): ReceiptStore {
  /** In the order of adding, which maps keep. */
  const receipts = new Map<DeliveryId, ReceiptRecord>();
  const manifests = new Map<DeliveryId, Uint8Array>();
  const batches = new Map<string, BatchRecord>();
  const handovers = new Map<DeliveryId, Handover>();
  const keptProofs: KeptProofs = new Map();

  const membersOf = (root: string) => [...receipts.values()].filter((receipt) => receipt.root === root);
  const change = (root: string, changes: Partial<BatchRecord>): BatchRecord | null => {
    const batch = batches.get(root);
    if (batch === undefined) return null;
    const changed = { ...batch, ...changes };
    batches.set(root, changed);
    return changed;
  };
  const place = (id: DeliveryId, root: string | null, proof: Uint8Array | null): void => {
    const receipt = receipts.get(id);
    if (receipt !== undefined) receipts.set(id, { ...receipt, root, proof });
  };

  const tables = { receipts, batches, handovers };
  return {
    ...handoverTable(tables),
    ...batchQueries(batches),
    ...keptProofTable(keptProofs, batches),
    add({ manifest, ...receipt }) {
      if (receipts.has(receipt.deliveryId)) return false;
      receipts.set(receipt.deliveryId, { ...receipt, root: null, proof: null });
      if (manifest !== null) manifests.set(receipt.deliveryId, manifest);
      return true;
    },
    get: (id) => receipts.get(id) ?? null,
    manifest: (id) => manifests.get(id) ?? null,
    unbatched: ({ role, addedMsMax, limit }) =>
      [...receipts.values()]
        .filter((one) => one.root === null && one.role === role && one.addedMs <= addedMsMax)
        .slice(0, limit),
    createBatch(root, createdMs, members) {
      const isFree = ({ deliveryId }: { deliveryId: DeliveryId }) => receipts.get(deliveryId)?.root === null;
      if (batches.has(root) || !members.every(isFree)) {
        throw new Error("a receipt is not there, or in a batch already");
      }
      batches.set(root, { root, own: true, txId: null, createdMs, settled: false });
      for (const { deliveryId, proof } of members) place(deliveryId, root, proof);
    },
    setTransaction(root, txId) {
      const batch = change(root, { txId, settled: false });
      if (txId === null || batch?.own !== true) return;
      for (const { deliveryId, role, peer } of membersOf(root)) {
        if (role === "sender" && !handovers.has(deliveryId)) handovers.set(deliveryId, { deliveryId, peer });
      }
    },
    setSettled: (root, settled) => void change(root, { settled }),
    deliveries: (root) => membersOf(root).map(({ deliveryId }) => deliveryId),
    takeProof({ deliveryId, root, txId, proof, nowMs }) {
      const known = batches.get(root);
      if (known === undefined) {
        batches.set(root, { root, own: false, txId, createdMs: nowMs, settled: false });
      } else if (!known.own && known.txId !== txId) change(root, { txId, createdMs: nowMs, settled: false });
      place(deliveryId, root, proof);
    },
    dropBatch(root) {
      for (const { deliveryId } of membersOf(root)) place(deliveryId, null, null);
      batches.delete(root);
      keptProofs.delete(root);
    },
  };
}

/** By root, then by network. */
type KeptProofs = Map<string, ReadonlyMap<string, Uint8Array>>;

function keptProofTable(
  kept: KeptProofs,
  batches: ReadonlyMap<string, BatchRecord>,
): Pick<ReceiptStore, "keptProof" | "keepProof"> {
  return {
    keptProof: (root, chain) => kept.get(root)?.get(chain) ?? null,
    keepProof(root, chain, proof) {
      if (!batches.has(root)) throw new Error("a proof is kept of a batch that is not there");
      kept.set(root, new Map(kept.get(root)).set(chain, proof));
    },
  };
}

type BatchQueries = Pick<ReceiptStore, "batch" | "openBatches" | "settledBatches">;

function batchQueries(batches: ReadonlyMap<string, BatchRecord>): BatchQueries {
  return {
    batch: (root) => batches.get(root) ?? null,
    openBatches: () => [...batches.values()].filter((batch) => !batch.settled),
    settledBatches: (limit) =>
      [...batches.values()]
        .filter((batch) => batch.settled)
        .reverse()
        .slice(0, limit),
  };
}

type HandoverTable = Pick<ReceiptStore, "handovers" | "peersWithHandovers" | "handedOver">;

function handoverTable(tables: {
  readonly receipts: ReadonlyMap<DeliveryId, ReceiptRecord>;
  readonly batches: ReadonlyMap<string, BatchRecord>;
  readonly handovers: Map<DeliveryId, Handover>;
}): HandoverTable {
  const { receipts, batches, handovers } = tables;
  return {
    handovers: (peer, limit) => [...handovers.values()].filter((one) => one.peer === peer).slice(0, limit),
    peersWithHandovers: () => [...new Set([...handovers.values()].map(({ peer }) => peer))].sort(),
    handedOver(id, txId) {
      const root = receipts.get(id)?.root ?? null;
      if (root !== null && batches.get(root)?.txId === txId) handovers.delete(id);
    },
  };
}
