/** Keeps addresses in memory, for tests and simulations. */
import type { AddressStore, KnownAddress } from "#net/index.ts";

export function memoryAddresses(): AddressStore {
  const rows = new Map<string, KnownAddress>();
  const keyOf = (address: string, source: string) => `${source} ${address}`;
  return {
    list: () => [...rows.values()],
    put(entry) {
      rows.set(keyOf(entry.address, entry.source), entry);
    },
    remove(address, source) {
      rows.delete(keyOf(address, source));
    },
  };
}
