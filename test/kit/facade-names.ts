/** Owns names and co-signed checkpoints of the made-up world: a name is ours three lookups after it was asked for. */
import type { NameView, OwnNameView } from "#api/views.ts";
import { fail, ok, problem } from "#base/result.ts";
import type { Facade } from "#node/facade.ts";
import { accountOf, blockId, digest, peerOf } from "./facade-data.ts";
import { ME, notFound, type World } from "./facade-world.ts";

const YEAR_MS = 365 * 86_400_000;
const STAGES = ["reserving", "waiting", "claiming", "ours"] as const;
const PRICE = 1_000_000;

export function nameOperations(
  world: World,
): Pick<Facade, "prove" | "checkpoints" | "names" | "name" | "registerName" | "changeName" | "forgetName"> {
  const own = new Map<string, { stage: number; key: string }>();
  const isName = (name: string) => /^[a-z0-9][a-z0-9-]{1,30}[a-z0-9]$/.test(name);
  const viewOf = (name: string): NameView => {
    const mine = own.get(name)?.stage === STAGES.length - 1;
    const isTaken = mine || name === "bob";
    const holder = mine ? ME : "Bob";
    const nowMs = world.nowMs();
    return {
      name,
      state: isTaken ? "held" : "free",
      owner: isTaken ? accountOf(holder) : null,
      ownerName: isTaken ? holder : null,
      key: isTaken ? peerOf(holder) : null,
      keyName: isTaken ? holder : null,
      mine,
      firmFromHeight: isTaken ? world.tip.height : null,
      heldUntilHeight: isTaken ? world.tip.height + 2_102_400 : null,
      heldUntilMs: isTaken ? nowMs + YEAR_MS : null,
      graceUntilMs: isTaken ? nowMs + YEAR_MS + 30 * 86_400_000 : null,
      price: PRICE,
      reservationPrice: PRICE / 100,
      proof: {
        height: world.tip.height,
        blockId: blockId(world.tip.height),
        stateRoot: digest("stateRoot", world.tip.height),
        path: "00",
      },
    };
  };
  const list = (): readonly OwnNameView[] =>
    [...own].map(([name, { stage, key }]) => ({
      name,
      key: peerOf(key),
      keyName: key,
      stage: STAGES[stage] ?? "ours",
      claimAtHeight: STAGES[stage] === "waiting" ? world.tip.height + 2 : null,
      heldUntilMs: stage === STAGES.length - 1 ? world.nowMs() + YEAR_MS : null,
      graceUntilMs: stage === STAGES.length - 1 ? world.nowMs() + YEAR_MS : null,
      contestable: false,
      problem: null,
    }));
  const malformed = problem("name-malformed", "A name is 3 to 32 of a to z and 0 to 9.", "Choose another.");
  return {
    prove: async (kind, of) =>
      kind === "name" && !isName(of)
        ? fail(malformed)
        : ok({ fileName: `${of}.stateproof`, bytes: Buffer.from(`state of ${kind} ${of}`) }),
    checkpoints: async () => world.checkpoints,
    names: async () => {
      for (const each of own.values()) each.stage = Math.min(each.stage + 1, STAGES.length - 1);
      return list();
    },
    name: async (name) => (isName(name) ? ok(viewOf(name)) : fail(malformed)),
    registerName: async (name, key) => {
      if (!isName(name)) return fail(malformed);
      if (viewOf(name).state !== "free") {
        return fail(problem("name-held", "The name belongs to Bob.", "Choose another name."));
      }
      own.set(name, { stage: 0, key: key ?? ME });
      return ok(list());
    },
    changeName: async (name, { owner }) => {
      if (!viewOf(name).mine) return notFound("name");
      if (owner !== undefined) own.delete(name);
      return ok(viewOf(name));
    },
    forgetName: async (name) => (own.delete(name) ? ok() : notFound("name")),
  };
}
