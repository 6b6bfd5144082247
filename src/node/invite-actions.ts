/** Owns what a user can do about invites: make, list, take back, enter; and the slice of the network they ask for. */
import type { InviteView } from "#api/views.ts";
import type { PeerId } from "#base/brand.ts";
import { ok, type Problem, type Result } from "#base/result.ts";
import type { Invite, InviteReach, Invites } from "#invites/index.ts";
import { type PeerNetwork, parseAddress } from "#net/index.ts";
import type { Clock } from "#ports/clock.ts";
import type { Facade } from "./facade.ts";
import { profileOf } from "./people-actions.ts";
import type { Persons } from "./person-view.ts";
import { qrSvg } from "./qr-code.ts";

interface Parts {
  readonly invites: Invites;
  readonly persons: Pick<Persons, "view" | "nameOf">;
  readonly network: Pick<PeerNetwork, "directory">;
  readonly clock: Clock;
}

export function inviteActions(
  parts: Parts,
): Pick<Facade, "invites" | "createInvite" | "revokeInvite" | "acceptInvite"> {
  const { invites, persons } = parts;
  const shown = (invite: Result<Invite, Problem>): Result<InviteView, Problem> =>
    invite.ok ? ok(inviteView(invite.value, persons.nameOf)) : invite;
  return {
    invites: async () => invites.list().map((invite) => inviteView(invite, persons.nameOf)),
    createInvite: async (options) => shown(invites.create(options)),
    revokeInvite: async (id) => shown(invites.revoke(id)),
    async acceptInvite(text, address) {
      // Said at once: looking for two minutes would not mend it.
      const at = address === undefined ? null : parseAddress(address);
      if (at !== null && !at.ok) return at;
      const joined = await invites.accept(text, address);
      if (!joined.ok) return joined;
      await profileOf(joined.value, parts);
      return ok(persons.view(joined.value));
    },
  };
}

function inviteView(invite: Invite, nameOf: (peer: PeerId) => string): InviteView {
  const { usedBy, link } = invite;
  return {
    ...invite,
    usedBy: usedBy === null ? null : { peerId: usedBy, name: nameOf(usedBy) },
    qrSvg: link === null ? null : qrSvg(link),
  };
}

/** @param addTracker uses a tracker and keeps it for later starts. */
export function inviteReach(
  network: Pick<
    PeerNetwork,
    "listenAddresses" | "connect" | "suggest" | "trackers" | "meet" | "setRendezvous"
  >,
  addTracker: (address: string) => Result<unknown, Problem>,
): InviteReach {
  return {
    addresses: () => network.listenAddresses(),
    trackers: () => network.trackers().map(({ address }) => address),
    addTracker(address) {
      const added = addTracker(address);
      return added.ok ? ok() : added;
    },
    connect: (address) => network.connect(address),
    suggest: (peer, addresses) => network.suggest(peer, addresses),
    meet: (id) => network.meet(id),
    setRendezvous: (ids) => network.setRendezvous(ids),
  };
}
