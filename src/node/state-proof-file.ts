/** Owns the making of a file that shows what the ledger holds of an account or a name, and its check without a peer. */
import type { AccountId, PeerId } from "#base/brand.ts";
import { equalBytes, toHex } from "#base/bytes.ts";
import { fail, ok, type Problem, problem, type Result } from "#base/result.ts";
import type { Chain } from "#chain/index.ts";
import { peerOfAccount } from "#crypto/peer-id.ts";
import { isName } from "#ledger/index.ts";
import type { Network } from "#ledger/params.ts";
import {
  decodeStateFile,
  encodeStateFile,
  isStateFile,
  keyOfSubject,
  type ShownState,
  type StateFileFault,
  type StateSubject,
  verifyStateFile,
} from "#ledger/state-file.ts";
import type { Coin } from "./amount.ts";
import { loadShippedNetworks, openNetworkFile } from "./network-file.ts";

export { isStateFile };

export interface StateVerdict {
  /** Hex. */
  readonly chainId: string;
  /** `null` when it is not known here. */
  readonly network: string | null;
  /** Of the block after which the ledger was so. */
  readonly height: number;
  readonly blockId: string;
  readonly blockTimeMs: number;
  /** Expected hashes for this block alone, decimal. */
  readonly work: string;
  readonly subject: StateSubject;
  /** `null`: the ledger held nothing of it. */
  readonly account: { readonly peerId: PeerId; readonly balance: number; readonly nextSeq: number } | null;
  readonly name: { readonly owner: PeerId; readonly key: PeerId; readonly sinceHeight: number } | null;
  /** For amounts; `null` when the network is not known. */
  readonly coin: Coin | null;
}

const NOTHING_MINED = problem(
  "nothing-mined",
  "No block was mined yet, so nothing can be shown with work.",
  "Try again after the first block.",
);
const NO_NAME = problem("name-malformed", "Nobody can hold a name such as this.", "Check its spelling.");

/**
 * @param accountOf reads an account, a peer id or the name of somebody else.
 * @param mine this peer's account: unlike a payee, whose state is shown may be oneself.
 */
export function proveState(
  kind: "account" | "name",
  of: string,
  chain: Pick<Chain, "network" | "stateProof" | "tip">,
  accountOf: (text: string) => Result<AccountId, Problem>,
  mine: AccountId,
): Result<{ readonly fileName: string; readonly bytes: Uint8Array }, Problem> {
  if (chain.tip().height === 0) return fail(NOTHING_MINED);
  let subject: StateSubject;
  if (kind === "account") {
    const found = accountOf(of);
    const account = !found.ok && found.fault.code === "who-self" ? ok(mine) : found;
    if (!account.ok) return account;
    subject = { kind, account: account.value };
  } else {
    if (!isName(of)) return fail(NO_NAME);
    subject = { kind, name: of };
  }
  const proof = chain.stateProof(keyOfSubject(subject));
  const bytes = encodeStateFile({ chainId: chain.network.chainId, subject, proof });
  const stem = subject.kind === "account" ? peerOfAccount(subject.account) : subject.name;
  return ok({ fileName: `${stem}.stateproof`, bytes });
}

/** @param networkFile `null`: whichever comes with Waybill and fits. */
export function verifyStateProofFile(
  bytes: Uint8Array,
  networkFile: string | null,
): Result<StateVerdict, Problem> {
  const decoded = decodeStateFile(bytes);
  if (!decoded.ok) return fail(refusal(decoded.fault));
  const { chainId } = decoded.value;
  const network = networkOf(chainId, networkFile);
  if (!network.ok) return network;
  const shown = verifyStateFile(decoded.value, network.value);
  return shown.ok ? ok(verdictOf(shown.value, network.value)) : fail(refusal(shown.fault));
}

function networkOf(chainId: Uint8Array, networkFile: string | null): Result<Network | null, Problem> {
  if (networkFile === null) {
    return ok(loadShippedNetworks().find((network) => equalBytes(network.chainId, chainId)) ?? null);
  }
  const named = openNetworkFile(networkFile);
  if (!named.ok || equalBytes(named.value.chainId, chainId)) return named;
  const cause = `The file is of another network than ${named.value.params.name}: its chain id is ${toHex(chainId)}.`;
  return fail(problem("state-proof-refused", cause, "Name the right network with --network."));
}

function verdictOf({ subject, value, header, blockId, work, chainId }: ShownState, network: Network | null) {
  return {
    chainId: toHex(chainId),
    network: network?.params.name ?? null,
    height: header.height,
    blockId,
    blockTimeMs: header.time * 1000,
    work: work.toString(),
    subject,
    account:
      subject.kind === "account" && value?.kind === "account"
        ? { peerId: peerOfAccount(subject.account), balance: value.balance, nextSeq: value.nextSeq }
        : null,
    name:
      value?.kind === "name"
        ? { owner: peerOfAccount(value.owner), key: peerOfAccount(value.key), sinceHeight: value.since }
        : null,
    coin: network?.params.coin ?? null,
  };
}

function refusal(fault: StateFileFault): Problem {
  const refused = (cause: string) =>
    problem(
      "state-proof-refused",
      cause,
      "Ask whoever gave you the file for it again; rely on nothing in it.",
    );
  switch (fault.code) {
    case "too-large":
      return refused("The file is larger than any proof of the ledger's state.");
    case "not-a-state-file":
      return refused("The file is no proof of a Waybill ledger's state.");
    case "version-unknown":
      return problem("state-proof-refused", "The file was written by a newer Waybill.", "Update Waybill.");
    case "damaged":
      return refused("Bytes of the file were changed, lost or added.");
    case "malformed":
      return refused(`The file has a part that no Waybill writes (${fault.what}).`);
    case "work-wrong":
      return refused("The block does not show the work that it states.");
    case "work-below-network":
      return refused("The block shows less work than its network demands.");
    case "state-differs":
      return refused("What the file says is not what the block commits to.");
  }
}
