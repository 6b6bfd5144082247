/** Owns the commands about the ledger: chain, wallet. */
import type { BlockSummaryView, BlockView, ChainView, TransactionView, WalletView } from "#api/views.ts";
import { ok, problem } from "#base/result.ts";
import { formatAmount, parseAmount } from "../amount.ts";
import { failed, type Outcome, wrongUse } from "../outcome.ts";
import { type Session, show } from "../session.ts";
import { standingText } from "../standing-text.ts";
import { tableText } from "../table.ts";
import { oneLine } from "../terminal-text.ts";
import { middleCut, plural, timeText } from "../words.ts";
import { raceText } from "./mining.ts";

const BLOCKS_SHOWN = 10;
const HEIGHT_OR_ID = /^([0-9]{1,15}|[0-9a-f]{64})$/;
const TX_ID = /^[0-9a-f]{64}$/;
const ID_BEGINNING = /^[0-9a-f]{8,64}$/;
const ID_DIGITS_SHOWN = 12;

interface Coin {
  readonly symbol: string;
  readonly unitsPerCoin: number;
}

const coins = (units: number, { unitsPerCoin, symbol }: Coin) =>
  `${formatAmount(units, unitsPerCoin)} ${symbol}`;

async function coinOf({ client }: Session): Promise<Outcome<Coin>> {
  const status = await client.status();
  return status.ok ? ok(status.value.coin) : failed(status.fault);
}

const nameOr = (name: string | null, key: string | null, ellipsis: string) =>
  name ?? (key === null ? "" : middleCut(key, ellipsis));

const TYPE_WORDS: Readonly<Record<TransactionView["type"], string>> = {
  coinbase: "reward",
  transfer: "payment",
  anchor: "receipts",
  "stamped-anchor": "receipts",
  "name-commit": "reservation of a name",
  "name-claim": "name",
  "name-update": "change of a name",
};

function transactionRow(tx: TransactionView, coin: Coin, session: Session): readonly string[] {
  const { arrow, ellipsis } = session.terminal.glyphs;
  const from = nameOr(tx.fromName, tx.from, ellipsis);
  const to = nameOr(tx.toName, tx.to, ellipsis);
  return [
    tx.name === null ? TYPE_WORDS[tx.type] : `${TYPE_WORDS[tx.type]} ${oneLine(tx.name)}`,
    tx.to === null ? from : tx.from === null ? `${arrow} ${to}` : `${from} ${arrow} ${to}`,
    tx.amount === null ? "" : coins(tx.amount, coin),
    tx.state === "confirmed" ? `block ${tx.height ?? "?"}${firmnessText(tx)}` : tx.state,
    middleCut(tx.id, ellipsis),
  ];
}

/** In lists, in a few words; the transaction by itself says more. */
function firmnessText({ standing, confirmations }: TransactionView): string {
  if (standing === null) return "";
  const { cosigned } = standing;
  return cosigned === null
    ? `, ${plural(confirmations, "confirmation")}`
    : `, final (${cosigned.signed} of ${cosigned.of})`;
}

function transactionsText(list: readonly TransactionView[], coin: Coin, session: Session): string {
  const { columns, glyphs } = session.terminal;
  return tableText(
    list.map((tx) => transactionRow(tx, coin, session)),
    columns,
    glyphs.ellipsis,
  );
}

function chainText(chain: ChainView, blocks: readonly BlockSummaryView[], session: Session): string {
  const { columns, glyphs } = session.terminal;
  const { tip, sync } = chain;
  const state = [sync.words, ...(sync.historyWords === null ? [] : [sync.historyWords])].join("; ");
  const rows = blocks.map((block) => [
    String(block.height),
    timeText(block.timeMs),
    nameOr(block.minerName, block.miner, glyphs.ellipsis) || "genesis",
    plural(block.transactionCount, "transaction"),
    middleCut(block.id, glyphs.ellipsis),
  ]);
  return [
    `${oneLine(chain.networkName)}: block ${tip.height}, ${state}, ${chain.pendingCount} waiting`,
    `Next block: about ${tip.nextBlockHashes} hashes`,
    tableText([["BLOCK", "TIME", "MINED BY", "HOLDS", "ID"], ...rows], columns, glyphs.ellipsis),
    raceText(chain, session),
  ].join("\n");
}

export async function chainTip(session: Session): Promise<Outcome> {
  const chain = await session.client.chain();
  if (!chain.ok) return failed(chain.fault);
  if (session.json) return show(session, chain, () => undefined);
  const blocks = await session.client.blocks({ limit: BLOCKS_SHOWN });
  if (!blocks.ok) return failed(blocks.fault);
  session.terminal.print(chainText(chain.value, blocks.value, session));
  return ok();
}

function blockText(block: BlockView, coin: Coin, session: Session): string {
  const { ellipsis } = session.terminal.glyphs;
  const rows = [
    ["Block", String(block.height)],
    ["Id", block.id],
    ["Previous", block.previous],
    ["Time", timeText(block.timeMs)],
    ["Mined by", nameOr(block.minerName, block.miner, ellipsis) || "nobody: the first block"],
    ["Reward", `${coins(block.reward, coin)}, fees ${coins(block.fees, coin)}`],
    ["Size", `${block.bytes} bytes, ${plural(block.transactionCount, "transaction")}`],
    ["Work", `about ${block.hashes} hashes`],
    ["Standing", standingText(block.standing, block.confirmations)],
  ];
  const transactions = transactionsText(block.transactions, coin, session);
  return (
    tableText(rows, Number.POSITIVE_INFINITY, ellipsis) + (transactions === "" ? "" : `\n\n${transactions}`)
  );
}

export async function chainBlock(session: Session, heightOrId: string): Promise<Outcome> {
  if (!HEIGHT_OR_ID.test(heightOrId)) {
    const cause = "A block is named by its height or by its id of 64 hexadecimal digits.";
    return wrongUse(problem("block-malformed", cause, "See heights with: waybill chain."));
  }
  const coin = await coinOf(session);
  if (!coin.ok) return coin;
  return show(session, await session.client.block(heightOrId), (block) =>
    session.terminal.print(blockText(block, coin.value, session)),
  );
}

export async function chainTransaction(session: Session, id: string): Promise<Outcome> {
  if (!TX_ID.test(id)) {
    const cause = "A transaction is named by its id of 64 hexadecimal digits.";
    return wrongUse(problem("transaction-malformed", cause, "See ids with: waybill chain block H --json."));
  }
  const coin = await coinOf(session);
  if (!coin.ok) return coin;
  return show(session, await session.client.transaction(id), (tx) =>
    session.terminal.print(
      [
        transactionsText([tx], coin.value, session),
        tx.id,
        ...(tx.standing === null ? [] : [standingText(tx.standing, tx.confirmations)]),
      ].join("\n"),
    ),
  );
}

export async function chainPending(session: Session): Promise<Outcome> {
  const coin = await coinOf(session);
  if (!coin.ok) return coin;
  return show(session, await session.client.pending(), (list) =>
    session.terminal.print(
      list.length === 0 ? "Nothing waits for a block." : transactionsText(list, coin.value, session),
    ),
  );
}

function walletText(wallet: WalletView, coin: Coin, session: Session): string {
  const rewards = wallet.pendingRewards.map(
    ({ height, paidAtHeight, amount }) =>
      `${coins(amount, coin)} for block ${height} comes with block ${paidAtHeight}`,
  );
  const lines = [
    `Balance ${coins(wallet.balance, coin)}, free to spend ${coins(wallet.spendable, coin)}`,
    ...rewards,
  ];
  for (const held of wallet.heldBack) lines.push(heldBackText(held, coin));
  for (const payment of wallet.ended) lines.push(endedText(payment, coin));
  if (wallet.recent.length > 0) lines.push("", transactionsText(wallet.recent, coin, session));
  return lines.join("\n");
}

const HELD_BACK_WORDS: Readonly<Record<WalletView["heldBack"][number]["why"], string>> = {
  cover: "another branch won, and the balance there does not cover it",
  room: "as many wait for a block as may",
  order: "an earlier transaction of yours has to come first",
  tip: "the ledger here has yet to catch up",
};

function heldBackText(held: WalletView["heldBack"][number], coin: Coin): string {
  const { type, amount, name, toName, to, validUntil, why } = held;
  const what =
    amount !== null
      ? `${coins(amount, coin)} to ${oneLine(toName ?? to ?? "nobody")}`
      : name === null
        ? `The transaction (${TYPE_WORDS[type]})`
        : `The change of the name ${oneLine(name)}`;
  return `${what} is held back: ${HELD_BACK_WORDS[why]}. It goes out again by itself, until block ${validUntil}.`;
}

function endedText(ended: WalletView["ended"][number], coin: Coin): string {
  const { id, amount, name, toName, to, reason, validUntil } = ended;
  const what =
    amount === null
      ? `The change of the name ${oneLine(name ?? "")}`
      : `${coins(amount, coin)} to ${oneLine(toName ?? to ?? "nobody")}`;
  const why =
    reason === "expired" ? `it was good until block ${validUntil}` : "another transaction took its place";
  const shortId = id.slice(0, ID_DIGITS_SHOWN);
  return `${what} was not made: ${why}. Make it again if it is still wanted; then: waybill wallet dismiss ${shortId}`;
}

/** @param id or as much of its beginning as tells it from others. */
export async function dismissPayment(session: Session, id: string): Promise<Outcome> {
  if (!ID_BEGINNING.test(id)) {
    const cause = "A payment is named by its id, or by 8 or more hexadecimal digits of its beginning.";
    return wrongUse(problem("transaction-malformed", cause, "See ids with: waybill wallet"));
  }
  const answer = await session.client.dismissPayment(id);
  if (!answer.ok) return failed(answer.fault);
  if (session.json) session.terminal.printJson({ dismissed: id });
  else session.terminal.print("It is told of no more.");
  return ok();
}

export async function wallet(session: Session): Promise<Outcome> {
  const coin = await coinOf(session);
  if (!coin.ok) return coin;
  return show(session, await session.client.wallet(), (value) =>
    session.terminal.print(walletText(value, coin.value, session)),
  );
}

export async function pay(
  session: Session,
  who: string,
  amountText: string,
  feeText: string | undefined,
): Promise<Outcome> {
  const coin = await coinOf(session);
  if (!coin.ok) return coin;
  const amount = parseAmount(amountText, coin.value.unitsPerCoin);
  if (!amount.ok) return wrongUse(amount.fault);
  const fee = feeText === undefined ? null : parseAmount(feeText, coin.value.unitsPerCoin);
  if (fee !== null && !fee.ok) return wrongUse(fee.fault);
  return show(session, await session.client.pay(who, amount.value, fee?.value), (tx) =>
    session.terminal.print(
      `${coins(tx.amount ?? amount.value, coin.value)} to ${oneLine(tx.toName ?? who)}, fee ${coins(tx.fee, coin.value)}: ` +
        `waits for a block.\n${tx.id}`,
    ),
  );
}
