/**
 * Owns what the API says of the ledger: blocks, transactions, mining, the wallet, checkpoints and names. The rest, and
 * how amounts and times are written, is in `views.ts`, which gives these out too.
 */
import { z } from "@hono/zod-openapi";
import { accountId, amount, blockId, count, peerId, problemView, timeMs, txId } from "./view-terms.ts";

export const tipView = z
  .object({
    height: count,
    id: blockId,
    timeMs,
    miner: accountId.nullable(),
    minerName: z.string().nullable(),
    work: z.string().describe("Expected hashes of the whole chain, decimal."),
    nextBlockHashes: z.string().describe("Expected hashes for the next block, decimal."),
  })
  .openapi("Tip");

export const standingView = z
  .object({
    cosigned: z
      .object({ signed: count, of: count, height: count })
      .nullable()
      .describe(
        "Signatures of the final block at or above it, of how many keys; null while it is not final.",
      ),
    workSince: z.string().describe("Expected hashes of the blocks above it, decimal."),
    rivalShare: z
      .number()
      .nullable()
      .describe(
        "Share of the newest blocks mined by the strongest account but ours, 0 to 1; null while too few are known.",
      ),
    reversal: z
      .number()
      .nullable()
      .describe(
        "Chance that a miner of that share could still take it back, 0 to 1. An estimate, never a promise.",
      ),
  })
  .openapi("Standing");

export const transactionView = z
  .object({
    id: txId,
    type: z.enum([
      "coinbase",
      "transfer",
      "anchor",
      "stamped-anchor",
      "name-commit",
      "name-claim",
      "name-update",
    ]),
    from: accountId.nullable(),
    fromName: z.string().nullable(),
    to: accountId.nullable(),
    toName: z.string().nullable(),
    amount: amount
      .nullable()
      .describe(
        "Payments: what the other side gets. Rewards: reward and fees of the block, paid out some blocks later.",
      ),
    fee: amount,
    burned: amount.describe("Price of a name, which nobody receives."),
    seq: count.nullable(),
    root: z.string().nullable().describe("Anchors: the root of a batch of receipts, hex."),
    name: z.string().nullable().describe("Claims and updates: the name on the ledger."),
    nameKey: accountId.nullable().describe("What the name stands for from then on, where this sets it."),
    bytes: count,
    state: z.enum(["pending", "confirmed", "unknown"]),
    height: count.nullable(),
    blockId: blockId.nullable(),
    confirmations: count,
    standing: standingView
      .nullable()
      .describe("How firmly it stands; null while it waits, and among the others of its block."),
    receivedMs: timeMs.nullable(),
  })
  .openapi("Transaction");

export const blockSummaryView = z
  .object({
    height: count,
    id: blockId,
    previous: blockId,
    timeMs,
    miner: accountId.nullable(),
    minerName: z.string().nullable(),
    transactionCount: count,
    bytes: count,
    reward: amount,
    fees: amount,
    hashes: z.string().describe("Expected hashes for this block, decimal."),
  })
  .openapi("BlockSummary");

export const blockView = blockSummaryView
  .extend({
    header: z.string().describe("The 176 bytes, hex."),
    txRoot: z.string(),
    stateRoot: z.string(),
    confirmations: count,
    standing: standingView.nullable().describe("Null off the best chain."),
    transactions: z.array(transactionView),
  })
  .openapi("Block");

export const miningView = z
  .object({
    mode: z
      .enum(["on", "off", "always"])
      .describe(
        "on: mines once enough transactions wait, or the first waits long enough. always: also when none does.",
      ),
    threads: count,
    cores: count.describe("Of this computer, as it says."),
    dutyPercent: count.describe("The part of the time that each thread works."),
    afterCount: count.describe("Mines as soon as so many transactions wait."),
    afterSeconds: count.describe("Mines when the first of fewer has waited for so long."),
    onBattery: z.boolean().describe("Whether it mines on while the computer runs on its battery."),
    power: z.enum(["mains", "battery", "unknown"]).describe("unknown where the system does not say."),
    active: z.boolean(),
    hashesPerSecond: z.number().nonnegative(),
    expectedBlockSeconds: z
      .number()
      .nonnegative()
      .nullable()
      .describe("Until this peer alone finds a block at its rate, on average; null while it does not mine."),
    blocksMined: count.describe("Blocks of the best chain mined by this account."),
    reason: problemView.nullable().describe("Why nothing is mined now."),
  })
  .openapi("Mining");

const unmade = transactionView.extend({ validUntil: count.describe("Last height of a block for it.") });

export const walletView = z
  .object({
    account: accountId,
    balance: amount,
    spendable: amount.describe("Balance less what pending payments will take."),
    pendingRewards: z.array(z.object({ height: count, paidAtHeight: count, amount })),
    recent: z.array(transactionView),
    heldBack: z
      .array(unmade.extend({ why: z.enum(["cover", "room", "order", "tip"]) }))
      .describe(
        "Given back when another branch won, out again by itself. why: what it lacks (tip: of blocks here).",
      ),
    ended: z
      .array(unmade.extend({ reason: z.enum(["expired", "displaced"]) }))
      .describe("Payments and changes of names that were not made: too late, or another took the place."),
  })
  .openapi("Wallet");

export const chainView = z
  .object({
    networkName: z.string(),
    chainId: z.string(),
    tip: tipView,
    pendingCount: count,
    sync: z.object({
      state: z
        .enum(["synced", "syncing"])
        .describe("Whether a branch that showed more work is being fetched."),
      phase: z.enum(["alone", "asking", "headers", "snapshot", "blocks", "level"]),
      height: count,
      targetHeight: count,
      done: count.describe("Of the phase: headers, parts of a snapshot, or blocks."),
      total: count,
      secondsLeft: count.nullable(),
      words: z.string().describe("The same in words."),
      history: z
        .object({ height: count, targetHeight: count, secondsLeft: count.nullable() })
        .nullable()
        .describe("The check of what lies under a snapshot that was taken over, while it runs."),
      historyWords: z.string().nullable(),
    }),
    miners: z.array(
      z.object({ account: accountId, name: z.string().nullable(), blocks: count, share: z.number() }),
    ),
    race: z
      .object({
        blocks: count.describe("Newest blocks that the rate is reckoned from."),
        hashesPerSecond: z
          .number()
          .nonnegative()
          .nullable()
          .describe("Of all miners together, estimated; null before there are blocks to tell from."),
        expectedBlockSeconds: z.number().nonnegative().nullable().describe("At that rate, on average."),
      })
      .describe("How fast the network hashes, told from its newest blocks."),
  })
  .openapi("Chain");

export const checkpointsView = z
  .object({
    used: z.boolean().describe("Whether the genesis names keys that co-sign; if not, only work decides."),
    needed: count,
    everyBlocks: count,
    signers: z.array(
      z.object({
        account: accountId,
        peerId,
        name: z.string().nullable(),
        mine: z.boolean(),
        height: count.nullable().describe("The highest block known to be signed by this key."),
        signedTwice: z.boolean().describe("Two blocks of one height bear its signature; see evidence."),
      }),
    ),
    final: z
      .object({ height: count, blockId, signed: count })
      .nullable()
      .describe("The newest block that this peer never leaves again."),
    sought: z.object({ height: count, blockId }).nullable().describe("Final too, but not on our chain yet."),
    waitsFor: problemView.nullable().describe("Why this peer, a signer, signs nothing now."),
    problem: problemView.nullable(),
    note: z.string().nullable().describe("The final checkpoint as a C2SP signed note."),
    evidence: z.array(z.object({ account: accountId, text: z.string() })),
  })
  .openapi("Checkpoints");

export const nameView = z
  .object({
    name: z.string(),
    state: z
      .enum(["free", "contestable", "held", "grace"])
      .describe(
        "contestable: somebody who reserved earlier may still take it. grace: only its owner may renew it.",
      ),
    owner: accountId.nullable(),
    ownerName: z.string().nullable(),
    key: peerId.nullable().describe("The peer that the name stands for."),
    keyName: z.string().nullable(),
    mine: z.boolean(),
    firmFromHeight: count.nullable().describe("From here on nobody who reserved earlier can come."),
    heldUntilHeight: count.nullable(),
    heldUntilMs: timeMs.nullable().describe("By the usual pace of blocks."),
    graceUntilMs: timeMs.nullable(),
    price: amount.describe("Burned by a claim or a renewal."),
    reservationPrice: amount,
    proof: z
      .object({ height: count, blockId, stateRoot: z.string(), path: z.string() })
      .describe(
        "Path of the state tree, hex: of the record, or of its absence, under the root in that header.",
      ),
  })
  .openapi("Name");

export const ownNameView = z
  .object({
    name: z.string(),
    key: peerId,
    keyName: z.string().nullable(),
    stage: z.enum(["reserving", "waiting", "claiming", "ours", "lost", "lapsed"]),
    claimAtHeight: count.nullable(),
    heldUntilMs: timeMs.nullable(),
    graceUntilMs: timeMs.nullable(),
    contestable: z.boolean(),
    problem: problemView.nullable().describe("Why the next step could not be made."),
  })
  .openapi("OwnName");

export type TipView = z.output<typeof tipView>;
export type TransactionView = z.output<typeof transactionView>;
export type BlockSummaryView = z.output<typeof blockSummaryView>;
export type BlockView = z.output<typeof blockView>;
export type MiningView = z.output<typeof miningView>;
export type MiningChanges = Partial<
  Pick<MiningView, "mode" | "threads" | "dutyPercent" | "afterCount" | "afterSeconds" | "onBattery">
>;
export type WalletView = z.output<typeof walletView>;
export type StandingView = z.output<typeof standingView>;
export type CheckpointsView = z.output<typeof checkpointsView>;
export type NameView = z.output<typeof nameView>;
export type OwnNameView = z.output<typeof ownNameView>;
export type ChainView = z.output<typeof chainView>;
