/** Owns what can be done with trackers, doors, invites, changed keys and scans in the kit's made-up world. */
import type { InviteView, PersonView } from "#api/views.ts";
import { fail, ok, type Problem, problem, type Result } from "#base/result.ts";
import type { Facade } from "#node/facade.ts";
import { accountOf, makePeople, peerOf, wordsOf } from "./facade-data.ts";
import { closedInvite, openInvite, trackerAt } from "./facade-reach-data.ts";
import { notFound, type World } from "./facade-world.ts";

const HOURS_USUAL = 24;

/** Somebody new who came by an invite. */
function stranger(world: World, name: string): PersonView {
  const [like] = makePeople(world.nowMs());
  if (like === undefined) throw new Error("the kit has people");
  return {
    ...like,
    peerId: peerOf(name),
    account: accountOf(name),
    name,
    claimedName: name,
    petname: null,
    contact: true,
    path: "direct",
    foundBy: ["invite"],
    verified: { how: "invite", atMs: world.nowMs() },
    phrase: wordsOf("phrase", name),
  };
}

function putInvite(world: World, invite: InviteView): InviteView {
  world.invites = world.invites.map((known) => (known.id === invite.id ? invite : known));
  return invite;
}

export function guestEnters(world: World, inviteId: string): void {
  const invite = world.invites.find(({ id }) => id === inviteId);
  if (invite === undefined) throw new Error("the kit has no such invite");
  const { peerId, name } = stranger(world, "Heidi");
  putInvite(world, closedInvite(invite, { state: "used", usedBy: { peerId, name } }));
  world.putPerson(stranger(world, "Heidi"));
}

function trackerOperations(world: World): Pick<Facade, "trackers" | "addTracker" | "removeTracker"> {
  const told = () => {
    world.announce({ type: "status", status: world.statusView() });
    return ok([...world.trackers]);
  };
  return {
    trackers: async () => [...world.trackers],
    addTracker: async (address) => {
      if (!/^[\w.:/[\]-]+$/.test(address)) {
        return fail(
          problem(
            "tracker-address",
            `"${address}" is no address of a tracker.`,
            "Give host, host:port, a multiaddr, or the URL of its web port.",
          ),
        );
      }
      world.trackers.push(trackerAt(address));
      return told();
    },
    removeTracker: async (address) => {
      if (!world.trackers.some((tracker) => tracker.address === address)) return notFound("tracker");
      world.trackers = world.trackers.filter((tracker) => tracker.address !== address);
      return told();
    },
  };
}

const NO_INVITE = problem(
  "invite-unknown",
  "Nobody that your peer reaches knows an invite of these words.",
  "Ask for the words once more, or for an address of the other side.",
);
const INVITE_EXPIRED = problem(
  "invite-expired",
  "The invite was good until yesterday.",
  "Ask for a new one.",
);

/** Words of the kit that let one in: all else is unknown. */
export const GOOD_WORDS = "apple river stone garden winter candle bridge morning";

function inviteOperations(
  world: World,
): Pick<Facade, "invites" | "createInvite" | "revokeInvite" | "acceptInvite"> {
  return {
    invites: async () => [...world.invites],
    createInvite: async ({ hours = HOURS_USUAL, note }) => {
      const invite = openInvite(world.invites.length + 1, world.nowMs(), hours, note ?? null);
      world.invites.unshift(invite);
      return ok(invite);
    },
    revokeInvite: async (id) => {
      const invite = world.invites.find((known) => known.id === id);
      if (invite === undefined) return notFound("invite");
      return ok(putInvite(world, closedInvite(invite, { state: "revoked" })));
    },
    acceptInvite: async (text) => {
      if (text.startsWith("waybill:i/old")) return fail(INVITE_EXPIRED);
      if (text.toLowerCase() !== GOOD_WORDS && !text.startsWith("waybill:i/")) return fail(NO_INVITE);
      return ok(world.putPerson(stranger(world, "Ivan")));
    },
  };
}

function keyOperations(world: World): Pick<Facade, "acceptKey" | "keepApart"> {
  const decide = (who: string, to: (person: PersonView) => PersonView): Result<PersonView, Problem> => {
    const person = world.find(who);
    if (person === undefined) return notFound("person");
    if (person.standIn === null) {
      return fail(problem("key-known", "This key looks like nobody else.", "Nothing needed."));
    }
    const decided = world.putPerson(to(person));
    for (const slip of world.slips.filter(({ peerId }) => peerId === decided.peerId)) {
      if (slip.state === "queued") world.put({ ...slip, state: "delivered", reason: null });
    }
    return ok(decided);
  };
  return {
    acceptKey: async (who) =>
      decide(who, (person) => {
        const old = world.find(person.standIn?.of ?? "");
        const { contact = false, petname = null } = old ?? {};
        if (old !== undefined) {
          const name = `${old.name} (old key)`;
          world.putPerson({ ...old, name, petname: name, contact: false, verified: null });
        }
        return { ...person, standIn: null, contact, petname, verified: null };
      }),
    keepApart: async (who) => decide(who, (person) => ({ ...person, standIn: null })),
  };
}

export function reachOperations(
  world: World,
): Pick<
  Facade,
  | "trackers"
  | "addTracker"
  | "removeTracker"
  | "invites"
  | "createInvite"
  | "revokeInvite"
  | "acceptInvite"
  | "acceptKey"
  | "keepApart"
  | "scan"
  | "doors"
  | "setDoors"
> {
  return {
    ...trackerOperations(world),
    ...inviteOperations(world),
    ...keyOperations(world),
    scan: async (target) => {
      const carol = world.find("Carol");
      if (target.includes(" ") || carol === undefined) {
        return fail(
          problem("scan-target", `"${target}" is no host and no range.`, "Give HOST or ADDRESS/BITS."),
        );
      }
      return ok({
        hosts: 1,
        portsTried: 65,
        tookMs: 412,
        people: [{ person: carol, address: `${target}:28411` }],
        others: [`${target}:28430`],
      });
    },
    doors: async () => world.doors,
    setDoors: async (change) => {
      const wrong = [...(change.allow ?? []), ...(change.block ?? [])].find((entry) => entry.includes(" "));
      if (wrong !== undefined) {
        return fail(
          problem("door-entry", `"${wrong}" is no peer, address or range.`, "Write it as 192.168.1.0/24."),
        );
      }
      world.doors = {
        ...world.doors,
        mode: change.mode ?? world.doors.mode,
        allow: [...(change.allow ?? world.doors.allow)],
        block: [...(change.block ?? world.doors.block)],
      };
      return ok(world.doors);
    },
  };
}
