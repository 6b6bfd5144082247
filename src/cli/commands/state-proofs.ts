/** Owns the command that saves what the ledger holds of an account or a name, and the words of its check. */
import { resolve } from "node:path";
import { ok, type Problem, type Result } from "#base/result.ts";
import { type StateVerdict, verifyStateProofFile } from "#node/state-proof-file.ts";
import { formatAmount } from "../amount.ts";
import { failed, type Outcome } from "../outcome.ts";
import type { Session } from "../session.ts";
import type { Terminal } from "../terminal.ts";
import { oneLine } from "../terminal-text.ts";
import { plural, sizeText, timeText } from "../words.ts";
import { writeNew } from "./write-new.ts";

export interface ProveOptions {
  readonly output: string;
  readonly force: boolean;
  /** The subject is a name on the ledger, not an account. */
  readonly isName: boolean;
}

export async function prove(session: Session, of: string, options: ProveOptions): Promise<Outcome> {
  const answer = await session.client.prove(options.isName ? "name" : "account", of);
  if (!answer.ok) return failed(answer.fault);
  const { bytes } = answer.value;
  const path = resolve(options.output);
  const written = await writeNew(path, bytes, options.force);
  if (!written.ok) return failed(written.fault);
  if (session.json) session.terminal.printJson({ path, bytes: bytes.length });
  else session.terminal.print(`Saved ${oneLine(path)} (${sizeText(bytes.length)}).`);
  return ok();
}

export interface VerifyStateOptions {
  readonly terminal: Terminal;
  readonly json: boolean;
  readonly networkFile: string | null;
  /** A running peer, which knows whether the block stands on its chain; `null` when there is none. */
  readonly client: ChainAsked | null;
}

/** As the running peer answers; more of its answers is not needed. */
interface ChainAsked {
  block(id: string): Promise<Result<{ readonly confirmations: number }, Problem>>;
  chain(): Promise<Result<{ readonly chainId: string }, Problem>>;
}

/** Where the block stands for the running peer: `null` without one, or where it is of another network. */
async function confirmationsOf(
  { blockId, chainId }: StateVerdict,
  client: VerifyStateOptions["client"],
): Promise<number | null> {
  const block = client === null ? null : await client.block(blockId);
  if (client === null || block === null) return null;
  if (block.ok) return block.value.confirmations;
  const chain = block.fault.code === "not-found" ? await client.chain() : null;
  return chain?.ok === true && chain.value.chainId === chainId ? 0 : null;
}

export async function verifyState(bytes: Uint8Array, options: VerifyStateOptions): Promise<Outcome> {
  const { terminal, json, networkFile, client } = options;
  const verdict: Result<StateVerdict, Problem> = verifyStateProofFile(bytes, networkFile);
  if (!verdict.ok) {
    if (json) terminal.printJson({ ok: false, problem: verdict.fault });
    return failed(verdict.fault);
  }
  const confirmations = await confirmationsOf(verdict.value, client);
  if (json) terminal.printJson({ ok: true, ...verdict.value, confirmations });
  else terminal.print(stateText(verdict.value, confirmations));
  return ok();
}

function standingText(confirmations: number | null): string {
  if (confirmations === null)
    return "Whether the block stands on the best chain is not shown: a running peer of the network can tell.";
  return confirmations === 0
    ? "The block does not stand on this peer's chain: another one took its place, or the peer has yet to fetch it."
    : `The block stands on this peer's chain (${plural(confirmations, "confirmation")}).`;
}

function stateText(verdict: StateVerdict, confirmations: number | null): string {
  const { height, blockId, blockTimeMs, work, network, chainId } = verdict;
  const where =
    network === null ? `a network not known here (chain id ${chainId})` : `network ${oneLine(network)}`;
  return [
    `After block ${height} of ${where}, ${timeText(blockTimeMs)}:`,
    subjectText(verdict),
    `Block ${blockId}, which shows work of its own: about ${work} hashes.`,
    standingText(confirmations),
    "What came after that block is not shown.",
  ].join("\n");
}

function subjectText({ subject, account, name, unitsPerCoin }: StateVerdict): string {
  if (subject.kind === "name") {
    if (name === null) return `Nobody holds the name ${subject.name}.`;
    const { owner, key, sinceHeight } = name;
    return `The name ${subject.name} is held by ${owner} since block ${sinceHeight}, and stands for ${key}.`;
  }
  if (account === null) return `The ledger holds nothing of the account ${subject.account}.`;
  const { peerId, balance, nextSeq } = account;
  const coins =
    unitsPerCoin === null ? plural(balance, "unit") : `${formatAmount(balance, unitsPerCoin)} coins`;
  return `The account of ${peerId} holds ${coins} and has sent ${plural(nextSeq, "transaction")}.`;
}
