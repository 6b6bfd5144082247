/**
 * Owns an in-memory `Facade` with a made-up world (`facade-world.ts`), for tests of API, CLI and page and for the
 * page's development. It changes only when `tick` is called or an operation asks for it. Never part of the product.
 */
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { CheckpointsView, PersonView, StatusView, WalletView } from "#api/views.ts";
import { fail, ok, type Problem, problem, type Result } from "#base/result.ts";
import type { Facade } from "#node/facade.ts";
import type { WritableFeed } from "#node/feed.ts";
import { verifyWaybill } from "#receipts/index.ts";
import { accountOf, digest, makeTransaction, peerOf, REWARD, slipId, txId } from "./facade-data.ts";
import { deliveryOperations, uploadOperations } from "./facade-deliveries.ts";
import { doctorOperations } from "./facade-doctor.ts";
import { nameOperations } from "./facade-names.ts";
import { guestEnters, reachOperations } from "./facade-reach.ts";
import { type KitFacadeOptions, ME, notFound, tick, World } from "./facade-world.ts";
import { sampleNetwork } from "./waybill-sample.ts";

export interface KitFacade {
  readonly facade: Facade;
  readonly feed: WritableFeed;
  /** One second of this world: bytes move, receipts are signed, now and then a block is found. */
  tick(): void;
  /** Heidi comes in by this invite. */
  guestEnters(inviteId: string): void;
  /** From now on blocks are co-signed so. */
  cosign(checkpoints: CheckpointsView): void;
  /** What the uploads held, by path, in order of arrival. */
  readonly uploaded: ReadonlyMap<string, Uint8Array>;
  close(): Promise<void>;
}

function peopleOperations(
  world: World,
): Pick<Facade, "people" | "person" | "connect" | "updatePerson" | "conversations" | "markRead"> {
  const known = (who: string): Result<PersonView, Problem> => {
    const person = world.find(who);
    return person === undefined ? notFound("person") : ok(person);
  };
  return {
    people: async () => [...world.people],
    person: async (who) => known(who),
    connect: async (address) =>
      address.includes("127.0.0.1")
        ? known("Carol")
        : fail(
            problem(
              "dial-failed",
              `Nobody answers at ${address}.`,
              "Check the address and that the peer runs.",
            ),
          ),
    updatePerson: async (who, change) => {
      const person = known(who);
      if (!person.ok) return person;
      const petname = change.petname === undefined ? person.value.petname : change.petname;
      const name = petname ?? person.value.claimedName ?? person.value.peerId;
      const { verified: wanted, ...rest } = change;
      const shown = wanted === true ? ({ how: "phrase", atMs: world.nowMs() } as const) : null;
      const verified = wanted === undefined ? person.value.verified : shown;
      return ok(world.putPerson({ ...person.value, ...rest, petname, name, verified }));
    },
    conversations: async () =>
      world.people
        .map((person) => ({
          person,
          last: world.slips.filter((slip) => slip.peerId === person.peerId).at(-1) ?? null,
          unread: world.unread.get(person.peerId) ?? 0,
        }))
        .filter(({ last }) => last !== null)
        .toSorted((a, b) => (b.last?.createdMs ?? 0) - (a.last?.createdMs ?? 0)),
    markRead: async (who) => {
      const person = known(who);
      if (!person.ok) return person;
      world.unread.delete(person.value.peerId);
      return ok();
    },
  };
}

/** How deep the block of `waybill-sample.ts` lies in this world. */
const SAMPLE_CONFIRMATIONS = 3;

function evidenceOperations(world: World): Pick<Facade, "savedFile" | "receipt" | "verify"> {
  return {
    savedFile: async (id, path) => {
      const slip = world.slips.find((known) => known.id === id);
      if (slip?.savedTo === null || slip === undefined) return notFound("saved file");
      if (path.includes("..")) return notFound("saved file");
      const content = `The bytes of ${path}.\n`;
      const file = join(world.folder, digest("saved", id, path));
      await writeFile(file, content);
      return ok({ path: file, name: path.split("/").at(-1) ?? path, bytes: Buffer.byteLength(content) });
    },
    receipt: async (id) => {
      const slip = world.slips.find((known) => known.id === id);
      if (slip === undefined) return notFound("delivery");
      if (slip.state !== "receipted" && slip.state !== "anchored") {
        return fail(problem("no-receipt", "Nothing has been signed for yet.", "Wait until it is delivered."));
      }
      return ok({
        fileName: `${slip.peerName} – ${slip.order}.waybill`,
        bytes: Buffer.from(`waybill ${id}`),
      });
    },
    verify: async (waybill) => {
      const { verdict } = verifyWaybill(waybill, {
        network: sampleNetwork,
        headerInMyChain: () => SAMPLE_CONFIRMATIONS,
      });
      const text = Buffer.from(waybill).toString();
      const slip = world.slips.find(({ id }) => text === `waybill ${id}`);
      if (slip === undefined) return verdict;
      return {
        ...verdict,
        ok: true,
        grade: slip.state === "anchored" ? "in-my-chain" : "signed",
        problem: null,
        statements: ["Sender and receiver signed."],
        limits: ["Who a key belongs to."],
        kind: slip.kind,
        from: slip.direction === "out" ? peerOf(ME) : slip.peerId,
        to: slip.direction === "out" ? slip.peerId : peerOf(ME),
        bytes: slip.bytes,
        fileCount: slip.fileCount,
        deliveredMs: slip.deliveredMs,
        notLaterThanMs: slip.anchor?.timeMs ?? null,
        height: slip.anchor?.height ?? null,
      };
    },
  };
}

function walletOf(world: World): WalletView {
  return {
    account: accountOf(ME),
    balance: world.balance,
    spendable: world.balance,
    pendingRewards: [{ height: world.tip.height, paidAtHeight: world.tip.height + 8, amount: REWARD }],
    recent: world
      .transactions()
      .filter(({ from, to }) => from === accountOf(ME) || to === accountOf(ME))
      .slice(0, 20),
    heldBack: world.heldBack,
    ended: world.endedPayments.map((payment) => ({ ...payment })),
  };
}

function walletOperations(world: World): Pick<Facade, "wallet" | "pay" | "dismissPayment"> {
  return {
    wallet: async () => walletOf(world),
    pay: async (to, amount, fee) => {
      const person = world.find(to);
      if (person === undefined) return notFound("person");
      if (amount > world.balance) {
        return fail(
          problem("funds-missing", "The balance does not cover it.", "Wait for a reward, or pay less."),
        );
      }
      world.balance -= amount;
      const paid = makeTransaction({
        id: txId("pay", world.feed.latest()),
        from: accountOf(ME),
        fromName: ME,
        to: person.account,
        toName: person.name,
        amount,
        fee: fee ?? 1_000,
        seq: 9,
        state: "pending",
        receivedMs: world.nowMs(),
      });
      world.pool.push(paid);
      world.announce({ type: "pool", added: [paid], removed: [] });
      return ok(paid);
    },
    dismissPayment: async (beginning) => {
      const at = world.endedPayments.findIndex(({ id }) => id.startsWith(beginning));
      if (at === -1) return notFound("payment");
      world.endedPayments.splice(at, 1);
      world.announce({ type: "status", status: world.statusView() });
      return ok();
    },
  };
}

function ledgerOperations(
  world: World,
): Pick<
  Facade,
  | "chain"
  | "blocks"
  | "block"
  | "transaction"
  | "pending"
  | "wallet"
  | "pay"
  | "dismissPayment"
  | "mining"
  | "setMining"
> {
  return {
    chain: async () => world.chainView(),
    blocks: async ({ before, limit }) =>
      world.blocks
        .filter((block) => before === undefined || block.height < before)
        .toReversed()
        .slice(0, limit)
        .map(
          ({
            header: _,
            txRoot: __,
            stateRoot: ___,
            confirmations: ____,
            standing: _____,
            transactions: ______,
            ...summary
          }) => summary,
        ),
    block: async (heightOrId) => {
      const block = world.blocks.find(({ height, id }) => String(height) === heightOrId || id === heightOrId);
      return block === undefined ? notFound("block") : ok(world.blockAt(block));
    },
    transaction: async (id) => {
      const found = world.transactions().find((tx) => tx.id === id);
      return found === undefined ? notFound("transaction") : ok(found);
    },
    pending: async () => [...world.pool],
    ...walletOperations(world),
    mining: async () => world.miningView(),
    setMining: async (changes) => {
      world.mining = { ...world.mining, ...changes };
      world.announce({ type: "mining", mining: world.miningView() });
      return ok(world.miningView());
    },
  };
}

export function createKitFacade(options: KitFacadeOptions): KitFacade {
  const world = new World(options);
  const changed = (): Result<StatusView, Problem> => {
    world.announce({ type: "status", status: world.statusView() });
    return ok(world.statusView());
  };
  const facade: Facade = {
    feed: world.feed,
    status: async () => world.statusView(),
    setName: async (name) => {
      world.name = name;
      world.nameChosen = true;
      return changed();
    },
    setAccept: async (accept) => {
      world.accept = accept;
      return changed();
    },
    ...peopleOperations(world),
    ...deliveryOperations(world),
    ...uploadOperations(world),
    ...evidenceOperations(world),
    ...ledgerOperations(world),
    ...reachOperations(world),
    ...doctorOperations(world),
    ...nameOperations(world),
  };
  return {
    facade,
    feed: world.feed,
    tick: () => tick(world),
    guestEnters: (inviteId) => guestEnters(world, inviteId),
    cosign: (checkpoints) => {
      world.checkpoints = checkpoints;
    },
    get uploaded() {
      return world.lastUpload;
    },
    close: () => rm(world.folder, { recursive: true, force: true }),
  };
}

export { slipId };
