/** Owns what a user can do with the ledger: look at it, pay, mine. Words every refusal of the rules for people. */
import type { AccountId, BlockId, PeerId, TxId } from "#base/brand.ts";
import { fail, ok, type Problem, problem, type Result } from "#base/result.ts";
import type { BlockSummary, Chain, Checkpoints, Payments, Wallet, WalletFault } from "#chain/index.ts";
import { accountOfPeer, parseAccount } from "#crypto/peer-id.ts";
import type { Miner, MiningSettings } from "#mining/index.ts";
import { type Coin, coinText } from "./amount.ts";
import {
  blockSummaryView,
  blockView,
  chainView,
  locatedView,
  poolEntryView,
  walletView,
} from "./chain-view.ts";
import { endedPaymentViews } from "./ended-payments.ts";
import type { Facade } from "./facade.ts";
import { PENDING_LISTED_MAX } from "./limits.ts";
import { checkMining } from "./mining-settings.ts";
import { miningView } from "./mining-view.ts";
import type { Persons } from "./person-view.ts";
import { standings } from "./standing.ts";
import { proveState } from "./state-proof-file.ts";

interface Parts {
  readonly chain: Chain;
  readonly wallet: Wallet;
  readonly payments: Pick<Payments, "ended">;
  readonly checkpoints: Checkpoints;
  readonly miner: Miner;
  readonly persons: Persons;
  /** Keeps the choice for the next start. */
  readonly rememberMining: (settings: MiningSettings) => Result<undefined, Problem>;
}

const HASH_HEX = /^[0-9a-f]{64}$/;
const HEIGHT = /^(0|[1-9][0-9]{0,9})$/;

function unknown(what: string): Result<never, Problem> {
  return fail(
    problem(
      "not-found",
      `There is no such ${what} here.`,
      "See that the id is whole, and that this peer has caught up with the others.",
    ),
  );
}

function pruned(height: number): Result<never, Problem> {
  return fail(
    problem(
      "block-pruned",
      `Block ${height} stands on the best chain, and this peer keeps its header alone: what it holds is not here.`,
      "Ask a peer that keeps all blocks (it runs without --keep-blocks).",
    ),
  );
}

/** The rules' refusal of a payment in a sentence, with what the payer can do. */
export function walletProblem(fault: WalletFault, coin: Coin): Problem {
  switch (fault.code) {
    case "balance-too-low":
      return problem(
        "balance-too-low",
        `This takes ${coinText(fault.needed, coin)} with its fee; ${coinText("spendable" in fault ? fault.spendable : fault.balance, coin)} can be spent.`,
        "Pay less, or wait for a mining reward to be paid out.",
      );
    case "amount-invalid":
      return problem("amount-invalid", "The amount is not above zero.", "Give an amount such as 0.5.");
    case "fee-below-minimum":
      return problem(
        "fee-below-minimum",
        `The fee is below ${coinText(fault.minimum, coin)}, the least that is passed on.`,
        "Leave the fee out, or raise it.",
      );
    case "too-many-pending":
      return problem(
        "too-many-pending",
        `${fault.limit} of your transactions wait already.`,
        "Wait for the next block, then try again.",
      );
    case "key-inadmissible":
      return problem(
        "key-inadmissible",
        "That account is no key of anybody: what is sent there would be lost.",
        "Compare it with what its owner's status shows; a digit may be wrong.",
      );
    case "unavailable":
      return problem(
        "ledger-unavailable",
        `The ledger takes nothing now: ${fault.cause}.`,
        "Try again shortly.",
      );
    default:
      return problem(
        fault.code,
        `The ledger refuses this transaction (${fault.code}).`,
        "Try again after the next block; if it stays, please report it with this code.",
      );
  }
}

type LedgerFacade = Pick<
  Facade,
  | "chain"
  | "blocks"
  | "block"
  | "transaction"
  | "pending"
  | "wallet"
  | "pay"
  | "prove"
  | "mining"
  | "setMining"
>;

/** Of a block of the best chain; known also where the body was pruned. */
function summaryOf(chain: Pick<Chain, "summary" | "blocks">, heightOrId: string): BlockSummary | null {
  if (HASH_HEX.test(heightOrId)) return chain.summary(heightOrId as BlockId);
  if (!HEIGHT.test(heightOrId)) return null;
  const height = Number(heightOrId);
  const [summary] = chain.blocks({ before: height + 1, limit: 1 });
  return summary?.height === height ? summary : null;
}

export function ledgerActions(parts: Parts): LedgerFacade {
  const { chain, wallet, checkpoints, miner, persons } = parts;
  const nameOf = persons.nameOfAccount;
  const standingAt = standings({ chain, checkpoints, account: wallet.account });
  const words = { nameOf, names: chain.network.params.names, standingAt };

  function payee(to: string): Result<AccountId, Problem> {
    const account = parseAccount(to);
    if (account !== null) return ok(account);
    const peer: Result<PeerId, Problem> = persons.resolve(to);
    return peer.ok ? ok(accountOfPeer(peer.value)) : peer;
  }

  return {
    chain: async () => chainView(chain, nameOf),
    blocks: async (query) => chain.blocks(query).map((summary) => blockSummaryView(summary, nameOf)),

    async block(heightOrId) {
      const summary = summaryOf(chain, heightOrId);
      if (summary === null) return unknown("block");
      const block = chain.block(summary.id);
      if (block === null) return pruned(summary.height);
      return ok(blockView(block, summary, chain.confirmationsOf(block.id), words));
    },

    async transaction(id) {
      const located = HASH_HEX.test(id) ? chain.transaction(id as TxId) : null;
      return located === null ? unknown("transaction") : ok(locatedView(located, words));
    },

    pending: async () =>
      chain
        .pool()
        .slice(-PENDING_LISTED_MAX)
        .map((entry) => poolEntryView(entry, words)),
    wallet: async () => ({
      ...walletView(chain, wallet, words),
      ended: endedPaymentViews(parts.payments, words),
    }),

    prove: async (kind, of) => proveState(kind, of, chain, payee, wallet.account),

    async pay(to, amount, fee) {
      const account = payee(to);
      if (!account.ok) return account;
      const paid = await wallet.pay(account.value, amount, fee);
      if (!paid.ok) return fail(walletProblem(paid.fault, chain.network.params.coin));
      const located = chain.transaction(paid.value);
      // A block may have replaced it between the two calls only by taking it up, so it is always found.
      return located === null ? unknown("transaction") : ok(locatedView(located, words));
    },

    mining: async () => miningView(miner, chain, wallet.account),
    async setMining(wanted) {
      const changes = checkMining(wanted);
      if (!changes.ok) return changes;
      const remembered = parts.rememberMining({ ...miner.settings(), ...changes.value });
      if (!remembered.ok) return remembered;
      miner.change(changes.value);
      return ok(miningView(miner, chain, wallet.account));
    },
  };
}
