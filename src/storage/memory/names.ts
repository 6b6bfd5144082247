/** Keeps our names in memory, for tests and simulations. */
import { ok } from "#base/result.ts";
import type { NameStore, OwnName } from "#chain/index.ts";

export function memoryNames(): NameStore {
  const names = new Map<string, OwnName>();
  return {
    list: () => [...names.values()],
    put(name) {
      names.delete(name.name);
      names.set(name.name, { ...name });
      return ok();
    },
    remove(name) {
      names.delete(name);
      return ok();
    },
  };
}
