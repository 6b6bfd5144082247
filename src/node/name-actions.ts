/** Owns what a user can do with names on the ledger, and how they are worded for the API. */
import type { NameView, OwnNameView } from "#api/views.ts";
import type { AccountId, PeerId } from "#base/brand.ts";
import { toHex } from "#base/bytes.ts";
import { fail, ok, type Problem, problem, type Result } from "#base/result.ts";
import type { Chain, NameFault, NameLookup, Names, OwnNameView as OwnName } from "#chain/index.ts";
import { accountOfPeer, parseAccount, peerOfAccount } from "#crypto/peer-id.ts";
import type { Facade } from "./facade.ts";
import { walletProblem } from "./ledger-actions.ts";
import type { Persons } from "./person-view.ts";

interface Parts {
  readonly names: Names;
  readonly chain: Pick<Chain, "network" | "tip">;
  readonly account: AccountId;
  readonly persons: Pick<Persons, "nameOfAccount" | "resolve">;
}

const MALFORMED = problem(
  "name-malformed",
  "A name is 3 to 32 of a to z, 0 to 9 and the hyphen, which stands at neither end.",
  "Choose another name.",
);

export function nameActions(
  parts: Parts,
): Pick<Facade, "names" | "name" | "registerName" | "changeName" | "forgetName"> {
  const { names, account, persons } = parts;
  const refuse = (fault: NameFault) => fail(nameProblem(fault, parts));
  const list = () => names.list().map((own) => ownNameView(own, parts));
  const view = (name: string): Result<NameView, Problem> => {
    const found = names.lookup(name);
    return found === null ? fail(MALFORMED) : ok(nameView(name, found, parts));
  };

  function accountOf(who: string): Result<AccountId, Problem> {
    const given = parseAccount(who);
    if (given !== null) return ok(given);
    const peer: Result<PeerId, Problem> = persons.resolve(who);
    return peer.ok ? ok(accountOfPeer(peer.value)) : peer;
  }

  return {
    names: async () => list(),
    name: async (name) => view(name),

    async registerName(name, key) {
      const whose = key === undefined ? ok(account) : accountOf(key);
      if (!whose.ok) return whose;
      const begun = await names.register(name, whose.value);
      return begun.ok ? ok(list()) : refuse(begun.fault);
    },

    async changeName(name, { key, owner }) {
      const whose = accountOf(key ?? owner ?? account);
      if (!whose.ok) return whose;
      const changed = await names.change(
        name,
        key !== undefined
          ? { kind: "key", key: whose.value }
          : owner !== undefined
            ? { kind: "owner", owner: whose.value }
            : { kind: "renew" },
      );
      return changed.ok ? view(name) : refuse(changed.fault);
    },

    async forgetName(name) {
      const forgotten = names.forget(name);
      return forgotten.ok ? ok() : refuse(forgotten.fault);
    },
  };
}

/** By the usual pace of blocks, ms since the Unix epoch. */
function timeOfHeight(height: number, { chain }: Pick<Parts, "chain">): number {
  const tip = chain.tip();
  const seconds = (height - tip.height) * chain.network.params.targetSpacingSeconds;
  return Math.max(0, (tip.header.time + seconds) * 1000);
}

function nameView(name: string, found: NameLookup, parts: Parts): NameView {
  const { nameOfAccount } = parts.persons;
  const { status, at, stateRoot, proof, price, commitPrice } = found;
  return {
    name,
    state: status?.state ?? "free",
    owner: status?.owner ?? null,
    ownerName: status === null ? null : nameOfAccount(status.owner),
    key: status === null ? null : peerOfAccount(status.key),
    keyName: status === null ? null : nameOfAccount(status.key),
    mine: status?.owner === parts.account,
    firmFromHeight: status === null ? null : status.contestableUntil + 1,
    heldUntilHeight: status?.heldUntil ?? null,
    heldUntilMs: status === null ? null : timeOfHeight(status.heldUntil, parts),
    graceUntilMs: status === null ? null : timeOfHeight(status.graceUntil, parts),
    price,
    reservationPrice: commitPrice,
    proof: { height: at.height, blockId: at.id, stateRoot: toHex(stateRoot), path: toHex(proof) },
  };
}

const STAGES = {
  committing: "reserving",
  maturing: "waiting",
  claiming: "claiming",
  ours: "ours",
  lost: "lost",
  lapsed: "lapsed",
} as const satisfies Record<OwnName["state"]["code"], OwnNameView["stage"]>;

function ownNameView({ name, key, state, hindrance }: OwnName, parts: Parts): OwnNameView {
  const { persons } = parts;
  const status = state.code === "ours" ? state.status : null;
  return {
    name,
    key: peerOfAccount(status?.key ?? key),
    keyName: persons.nameOfAccount(status?.key ?? key),
    stage: STAGES[state.code],
    claimAtHeight: state.code === "maturing" ? state.claimAt : null,
    heldUntilMs: status === null ? null : timeOfHeight(status.heldUntil, parts),
    graceUntilMs: status === null ? null : timeOfHeight(status.graceUntil, parts),
    contestable: status?.state === "contestable",
    problem: hindrance === null || state.code === "ours" ? null : nameProblem(hindrance, parts),
  };
}

/** The day, of the calendar in UTC. What a network lets last beyond the year 9999 is told as its end. */
function dayOfHeight(height: number, parts: Pick<Parts, "chain">): string {
  const timeMs = Math.min(timeOfHeight(height, parts), Date.UTC(9999, 11, 31));
  return new Date(timeMs).toISOString().slice(0, 10);
}

function nameProblem(fault: NameFault, parts: Pick<Parts, "chain" | "persons">): Problem {
  const { chain, persons } = parts;
  switch (fault.code) {
    case "name-malformed":
      return MALFORMED;
    case "name-held":
      return problem(
        "name-held",
        `The name belongs to ${persons.nameOfAccount(fault.owner) ?? `account ${fault.owner.slice(0, 12)}…`} until block ${fault.until}, about ${dayOfHeight(fault.until, parts)}.`,
        "Choose another name, or ask its owner to hand it over.",
      );
    case "name-begun":
      return problem(
        "name-begun",
        "This name is yours or on its way.",
        "See how it goes with: waybill name list.",
      );
    case "name-not-ours":
      return problem(
        "name-not-ours",
        "This name does not belong to this account.",
        "See whose it is with: waybill name show NAME.",
      );
    case "name-change-waits":
      return problem(
        "name-change-waits",
        "The same change of this name, or its handing over, waits for a block already.",
        "Nothing to do; see what waits with: waybill chain pending.",
      );
    case "too-many-names":
      return problem(
        "too-many-names",
        `${fault.limit} names are looked after here already.`,
        "Leave out some that are not yours any more: waybill name forget NAME.",
      );
    case "store-unavailable":
      return problem(
        "name-not-kept",
        `The name could not be written down (${fault.cause}), so nothing was sent.`,
        "Make room on the disk, and try again.",
      );
    default:
      return walletProblem(fault, chain.network.params.coin);
  }
}
