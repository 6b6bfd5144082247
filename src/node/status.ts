/** Owns the one-page answer to "how is this peer": who it is, where it is reached, the ledger, and what is amiss. */
import type { StatusView } from "#api/views.ts";
import type { Problem } from "#base/result.ts";
import type { Chain, Checkpoints, Payments, Wallet } from "#chain/index.ts";
import { accountOfPeer } from "#crypto/peer-id.ts";
import type { Miner } from "#mining/index.ts";
import type { PeerNetwork } from "#net/index.ts";
import { chainView } from "./chain-view.ts";
import { checkpointWarnings } from "./checkpoint-actions.ts";
import type { Settings } from "./config.ts";
import { endedPaymentWarnings } from "./ended-payments.ts";
import type { Listening } from "./listening.ts";
import { miningView } from "./mining-view.ts";
import { type Persons, phraseOf } from "./person-view.ts";
import { trackerViews } from "./reach-actions.ts";

export interface StatusSources {
  readonly version: string;
  readonly dataDir: string;
  readonly receivedDir: string;
  readonly startedMs: number;
  readonly settings: () => Settings;
  readonly ownName: () => string;
  readonly network: Pick<PeerNetwork, "directory" | "network" | "listenAddresses" | "trackers" | "warnings">;
  readonly chain: Chain;
  readonly checkpoints: Pick<Checkpoints, "status">;
  readonly wallet: Pick<Wallet, "account" | "balance">;
  readonly payments: Pick<Payments, "ended">;
  readonly miner: Miner;
  readonly persons: Pick<Persons, "nameOfAccount">;
  /** What was noticed at the start and stays true for this run. */
  readonly startWarnings: readonly Problem[];
  readonly listening: () => readonly Listening[];
}

export function statusView(sources: StatusSources): StatusView {
  const { chain, network, wallet } = sources;
  const { self } = network.network;
  const stopped = chain.problem();
  return {
    name: sources.ownName(),
    nameChosen: sources.settings().name !== null,
    peerId: self,
    account: accountOfPeer(self),
    version: sources.version,
    dataDir: sources.dataDir,
    receivedDir: sources.receivedDir,
    accept: sources.settings().accept,
    phrase: phraseOf(self),
    addresses: [...network.listenAddresses()],
    listening: sources.listening().map((each) => ({ ...each })),
    trackers: trackerViews(network.trackers()),
    startedMs: sources.startedMs,
    // Trackers are connected too, and are nobody to talk to.
    peersOnline: network.directory.list().filter((entry) => entry.online).length,
    chain: chainView(chain, sources.persons.nameOfAccount),
    mining: miningView(sources.miner, chain, wallet.account),
    balance: wallet.balance(),
    coin: { ...chain.network.params.coin },
    warnings: [
      ...sources.startWarnings,
      ...chain.repairs(),
      ...network.warnings(),
      ...checkpointWarnings(sources.checkpoints),
      ...endedPaymentWarnings(sources.payments, sources.persons.nameOfAccount),
      ...(stopped === null ? [] : [stopped]),
    ],
  };
}
