/** Owns the command that saves what the ledger holds of an account or a name, and the words of its check. */
import { resolve } from "node:path";
import { ok, type Problem, type Result } from "#base/result.ts";
import { coinText } from "#node/amount.ts";
import { type StateVerdict, verifyStateProofFile } from "#node/state-proof-file.ts";
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
  chain(): Promise<Result<{ readonly chainId: string; readonly tip: { readonly height: number } }, Problem>>;
  blocks(query: {
    readonly before: number;
    readonly limit: number;
  }): Promise<Result<readonly { readonly height: number; readonly id: string }[], Problem>>;
}

/** What the running peer says of the block: how many stand on it, itself counted; where it is not, how far the chain goes. */
interface Standing {
  readonly confirmations: number;
  readonly tipHeight: number;
}

/**
 * Asked by height, of headers alone: they are kept also of blocks whose transactions were pruned.
 * @returns `null` without a peer, or where it is of another network.
 */
async function standingOf(
  { blockId, chainId, height }: StateVerdict,
  client: VerifyStateOptions["client"],
): Promise<Standing | null> {
  const chain = client === null ? null : await client.chain();
  if (client === null || chain?.ok !== true || chain.value.chainId !== chainId) return null;
  const tipHeight = chain.value.tip.height;
  const blocks = await client.blocks({ before: height + 1, limit: 1 });
  if (!blocks.ok) return null;
  const isThere = blocks.value[0]?.id === blockId;
  // One may have come between the two answers.
  return { confirmations: isThere ? Math.max(1, tipHeight - height + 1) : 0, tipHeight };
}

export async function verifyState(bytes: Uint8Array, options: VerifyStateOptions): Promise<Outcome> {
  const { terminal, json, networkFile, client } = options;
  const verdict: Result<StateVerdict, Problem> = verifyStateProofFile(bytes, networkFile);
  if (!verdict.ok) {
    if (json) terminal.printJson({ ok: false, problem: verdict.fault });
    return failed(verdict.fault);
  }
  const standing = await standingOf(verdict.value, client);
  const confirmations = standing?.confirmations ?? null;
  if (json) terminal.printJson({ ok: true, ...verdict.value, confirmations });
  else terminal.print(stateText(verdict.value, standing));
  return ok();
}

function standingText({ height }: StateVerdict, standing: Standing | null): string {
  if (standing === null)
    return "Whether the block stands on the best chain is not shown: a running peer of the network can tell.";
  const { confirmations, tipHeight } = standing;
  if (confirmations > 0)
    return `Its header stands on this peer's best chain at height ${height} (${plural(confirmations, "confirmation")}).`;
  return tipHeight < height
    ? `This peer's best chain ends below it, at height ${tipHeight}: whether it stands there is not known yet.`
    : `It does not stand on this peer's best chain: another block is at height ${height}.`;
}

function stateText(verdict: StateVerdict, standing: Standing | null): string {
  const { height, blockId, blockTimeMs, work, network, chainId } = verdict;
  const where =
    network === null ? `a network not known here (chain id ${chainId})` : `network ${oneLine(network)}`;
  return [
    `After block ${height} of ${where}, ${timeText(blockTimeMs)}:`,
    subjectText(verdict),
    `Block ${blockId}, which shows work of its own: about ${work} hashes.`,
    standingText(verdict, standing),
    "What came after that block is not shown.",
  ].join("\n");
}

function subjectText({ subject, account, name, coin }: StateVerdict): string {
  if (subject.kind === "name") {
    if (name === null) return `Nobody holds the name ${subject.name}.`;
    const { owner, key, sinceHeight } = name;
    return `The name ${subject.name} is held by ${owner} since block ${sinceHeight}, and stands for ${key}.`;
  }
  if (account === null) return `The ledger holds nothing of the account ${subject.account}.`;
  const { peerId, balance, nextSeq } = account;
  const held = coin === null ? plural(balance, "unit") : coinText(balance, coin);
  return `The account of ${peerId} holds ${held} and has sent ${plural(nextSeq, "transaction")}.`;
}
