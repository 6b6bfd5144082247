/**
 * A finished delivery earns a stamp: hands every receipt that messaging or transfer completed to anchoring, once it is
 * durable there, and only then lets go of it. A crash in between hands it over twice, which anchoring recognises.
 */
import type { DeliveryId } from "#base/brand.ts";
import type { Unsubscribe } from "#base/emitter.ts";
import type { Messaging } from "#messaging/index.ts";
import type { Log } from "#ports/log.ts";
import type { Receipt } from "#receipts/index.ts";
import type { Transfers } from "#transfer/index.ts";
import { RECEIPTS_AT_ONCE } from "../limits.ts";

type Source = Pick<Messaging, "untakenReceipts" | "receiptTaken">;

export interface ReceiptFlow {
  readonly messaging: Source & Pick<Messaging, "subscribe">;
  readonly transfers: Source & Pick<Transfers, "subscribe" | "manifest">;
  /** Durable when it returns; idempotent. `manifest` is null for a message. */
  readonly add: (receipt: Receipt, manifest: Uint8Array | null) => void;
  readonly log: Log;
}

export function joinReceipts(flow: ReceiptFlow): Unsubscribe {
  const noManifest = (): null => null;

  /** A failure leaves the rest untaken, to be handed over at the next receipt or start. */
  function drain(source: Source, manifestOf: (id: DeliveryId) => Uint8Array | null): void {
    try {
      for (;;) {
        const receipts = source.untakenReceipts(RECEIPTS_AT_ONCE);
        for (const receipt of receipts) {
          const id = receipt.dispatch.body.deliveryId;
          flow.add(receipt, manifestOf(id));
          source.receiptTaken(id);
        }
        if (receipts.length < RECEIPTS_AT_ONCE) return;
      }
    } catch (error) {
      flow.log.fault("a receipt could not be handed to anchoring; it stays where it is", error);
    }
  }

  const drainMessages = () => drain(flow.messaging, noManifest);
  const drainTransfers = () => drain(flow.transfers, (id) => flow.transfers.manifest(id));
  drainMessages();
  drainTransfers();
  const stops = [
    flow.messaging.subscribe((event) => {
      if (event.type === "receipt-completed") drainMessages();
    }),
    flow.transfers.subscribe((event) => {
      if (event.type === "receipt-completed") drainTransfers();
    }),
  ];
  return () => {
    for (const stop of stops) stop();
  };
}
