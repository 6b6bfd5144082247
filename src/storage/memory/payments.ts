/** Keeps payments that are followed in memory, for tests and simulations. */
import type { TxId } from "#base/brand.ts";
import { ok } from "#base/result.ts";
import type { KeptPayment, PaymentStore } from "#chain/index.ts";

export function memoryPayments(): PaymentStore {
  const payments = new Map<TxId, KeptPayment>();
  return {
    list: () => [...payments.values()],
    put(payment) {
      if (!payments.has(payment.id)) payments.set(payment.id, payment);
      return ok();
    },
    remove(id) {
      payments.delete(id);
      return ok();
    },
  };
}
