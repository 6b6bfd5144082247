/** Keeps invites in memory, for tests and simulations. */
import type { InviteStore, StoredInvite } from "#invites/index.ts";

export function memoryInvites(): InviteStore {
  const invites = new Map<string, StoredInvite>();
  return {
    list: () => [...invites.values()],
    put(invite, alongside) {
      alongside?.();
      invites.set(invite.id, invite);
    },
    putTogether(together) {
      for (const invite of together) invites.set(invite.id, invite);
    },
    remove(id) {
      invites.delete(id);
    },
  };
}
