/**
 * The composition root: the only place that names concrete classes. Reads top to bottom; strangers are let in last,
 * and everything is closed in reverse order, also when the start fails half way. It is long because every feature is
 * named here, and here alone.
 */
import { join } from "node:path";
import { openAnchoring } from "#anchoring/index.ts";
import type { PeerId } from "#base/brand.ts";
import { cleanDisplayName } from "#base/display-name.ts";
import { fail, ok, type Problem, type Result } from "#base/result.ts";
import {
  type Chain,
  type Checkpoints,
  finalBlocksOf,
  type Names,
  openChain,
  openCheckpoints,
  openNames,
  openPayments,
  openWallet,
  type Payments,
  type Wallet,
} from "#chain/index.ts";
import type { Keypair } from "#crypto/ed25519.ts";
import { openPeerClocks } from "#doctor/index.ts";
import { type Invites, openInvites } from "#invites/index.ts";
import type { Network as LedgerNetwork } from "#ledger/params.ts";
import { openMessaging } from "#messaging/index.ts";
import { openMiner, openThreadSearch, startSearchThread } from "#mining/index.ts";
import {
  type DoorSettings,
  type NetworkKey,
  openNetwork,
  type PeerNetwork,
  parseAddress,
} from "#net/index.ts";
import { openPeople, type People } from "#people/index.ts";
import type { Clock } from "#ports/clock.ts";
import type { Log } from "#ports/log.ts";
import type { Random } from "#ports/random.ts";
import * as receiptCodec from "#receipts/codec.ts";
import { addressesSchema, diskAddresses } from "#storage/disk/addresses.ts";
import { blockSchema, diskBlocks, isDamage } from "#storage/disk/blocks.ts";
import { checkpointsSchema, diskCheckpoints } from "#storage/disk/checkpoints.ts";
import type { Database } from "#storage/disk/database.ts";
import { diskInvites, invitesSchema } from "#storage/disk/invites.ts";
import { diskMessages, messagesSchema } from "#storage/disk/messages.ts";
import { diskNames, namesSchema } from "#storage/disk/names.ts";
import { diskPayments, paymentsSchema } from "#storage/disk/payments.ts";
import { diskPeople, peopleSchema } from "#storage/disk/people.ts";
import { diskReadMarks, readMarkSchema } from "#storage/disk/read-marks.ts";
import { diskReceipts, receiptsSchema } from "#storage/disk/receipts.ts";
import { diskTransfers, transfersSchema } from "#storage/disk/transfers.ts";
import { openTransfers } from "#transfer/index.ts";
import { nodeDisk } from "#transfer/node-disk.ts";
import { isKeepBlocks, keepBlocksRefused, type NodeConfig, readSettings } from "./config.ts";
import { holdDataFolder, type LookThrough, openDeliveryDatabase, openLedgerDatabase } from "./data-folder.ts";
import { doorSettingsOf } from "./doors-actions.ts";
import type { Facade } from "./facade.ts";
import { openIdentity } from "./identity.ts";
import { inviteReach } from "./invite-actions.ts";
import { type Features, joinFeatures } from "./join-features.ts";
import { walletProblem } from "./ledger-actions.ts";
import { openLedgerSideFiles } from "./ledger-side-files.ts";
import { TRACKERS_KEPT_MAX } from "./limits.ts";
import { createListeningList } from "./listening.ts";
import { checkMining } from "./mining-settings.ts";
import { openNetworkFile } from "./network-file.ts";
import { readNetworkKeyFile } from "./network-key-file.ts";
import { otherNetworkWords } from "./other-network.ts";
import { createPersons } from "./person-view.ts";
import { ownNameOf, policyOf } from "./policies.ts";
import { watchPower } from "./power.ts";
import { keepTracker, tooManyTrackers, trackersToStartWith } from "./reach-actions.ts";
import { keepSettings, nameRefused, type SettingsKeeper } from "./settings-actions.ts";
import { openSignatureChecker } from "./signatures.ts";
import { fileLog, systemClock, systemRandom } from "./system.ts";
import { openUploads } from "./uploads.ts";
import { verifyHere } from "./verify.ts";

export interface RunningNode {
  readonly facade: Facade;
  /** For whoever serves the facade: the same log, clock and chance as the node's own. */
  readonly edge: { readonly log: Log; readonly clock: Clock; readonly random: Random };
  /** What a start prints. The page's URL is the server's to say: `cli/` opens it over the facade. */
  describe(): {
    readonly name: string;
    readonly peerId: PeerId;
    readonly addresses: readonly string[];
    readonly warnings: readonly Problem[];
  };
  /** Says where the page is served, so that the list of what listens is whole. @param host an IP address. */
  pageAt(host: string, port: number): void;
  /** Closes in order and loses nothing. Idempotent. */
  close(): Promise<void>;
}

/** Where a file is found damaged by whoever reads it first, all is closed and opened once more, and looked through. */
export async function startNode(config: NodeConfig): Promise<Result<RunningNode, Problem>> {
  try {
    return await startOnce(config, "when in doubt");
  } catch (error) {
    if (!isDamage(error)) throw error;
    return startOnce(config, "always");
  }
}

/** Everything with a life of its own is handed to `opened`, which closes it in reverse order. */
async function startOnce(
  config: NodeConfig,
  lookThrough: LookThrough,
): Promise<Result<RunningNode, Problem>> {
  await using opened = new AsyncDisposableStack();
  const foundation = openFoundation(config, lookThrough, opened);
  if (!foundation.ok) return foundation;
  const base = foundation.value;
  const running = await openFeatures(config, base, opened);
  if (!running.ok) return running;
  const features = running.value;
  const ownName = () => ownNameOf(base.settings.current(), base.keypair.peerId);
  const listening = createListeningList(() => features.network.reach().listening);
  const joined = joinFeatures(features, {
    ...base,
    listening: () => listening.list(),
    discovery: { looksNearby: config.discovery, excludedInterfaces: config.excludedInterfaces },
    ownName,
    version: config.version,
    dataDir: config.dataDir,
    receivedDir: join(config.dataDir, "received"),
    verify: (waybill) => verifyHere(waybill, features.chain),
  });
  opened.defer(joined.part);
  // Not awaited: an address where nobody answers yet is remembered and tried again.
  for (const address of config.join) void joined.facade.connect(address);
  const closing = opened.move();
  let closed: Promise<void> | null = null;
  return ok({
    facade: joined.facade,
    edge: base.edge,
    describe: () => ({
      name: ownName(),
      peerId: base.keypair.peerId,
      addresses: features.network.listenAddresses(),
      warnings: [...base.startWarnings, ...features.chain.repairs(), ...features.network.warnings()],
    }),
    pageAt: (host, port) => listening.pageAt(host, port),
    close: () => {
      closed ??= closing.disposeAsync();
      return closed;
    },
  });
}

interface Foundation {
  readonly keypair: Keypair;
  readonly settings: SettingsKeeper;
  readonly doors: DoorSettings;
  readonly networkKey: NetworkKey | null;
  readonly ledger: LedgerNetwork;
  readonly deliveries: Database;
  readonly blocks: Database;
  readonly edge: RunningNode["edge"];
  /** Added to while the rest opens. */
  readonly startWarnings: Problem[];
}

const DELIVERY_SCHEMAS = [
  peopleSchema,
  addressesSchema,
  messagesSchema,
  transfersSchema,
  receiptsSchema,
  readMarkSchema,
  invitesSchema,
  checkpointsSchema,
  namesSchema,
  paymentsSchema,
];

/** The folder, who we are, and the databases: all that needs no network. */
function openFoundation(
  config: NodeConfig,
  lookThrough: LookThrough,
  opened: AsyncDisposableStack,
): Result<Foundation, Problem> {
  const ledger = openNetworkFile(config.networkFile);
  if (!ledger.ok) return ledger;
  const name = config.name === null ? null : cleanDisplayName(config.name);
  if (config.name !== null && name === null) return fail(nameRefused());
  for (const text of config.join) {
    const address = parseAddress(text);
    if (!address.ok) return address;
  }
  const folder = holdDataFolder(config.dataDir);
  if (!folder.ok) return folder;
  opened.defer(() => folder.value.lock.release());
  const settings = readSettings(config.dataDir);
  if (!settings.ok) return settings;
  const doors = doorSettingsOf(settings.value.doors, config.doorMode);
  if (!doors.ok) return doors;
  const trackers = trackersToStartWith(settings.value.trackers, config.trackers);
  if (!trackers.ok) return trackers;
  if (trackers.value.length > TRACKERS_KEPT_MAX) return fail(tooManyTrackers());
  const mining = checkMining(config.mining);
  if (!mining.ok) return mining;
  if (typeof config.keepBlocks === "number" && !isKeepBlocks(config.keepBlocks)) {
    return fail(keepBlocksRefused(config.keepBlocks));
  }
  const networkKey = config.networkKeyFile === null ? ok(null) : readNetworkKeyFile(config.networkKeyFile);
  if (!networkKey.ok) return networkKey;
  const identity = openIdentity(config.dataDir);
  if (!identity.ok) return identity;
  const deliveries = openDeliveryDatabase(config.dataDir, DELIVERY_SCHEMAS);
  if (!deliveries.ok) return deliveries;
  opened.defer(() => deliveries.value.close());
  const blocks = openLedgerDatabase(config.dataDir, ledger.value.chainIdHex, [blockSchema], lookThrough);
  if (!blocks.ok) return blocks;
  opened.defer(() => blocks.value.database.close());
  const kept = keepSettings(config.dataDir, settings.value);
  const flags = {
    ...(name === null ? {} : { name }),
    ...(config.accept === null ? {} : { accept: config.accept }),
    ...(config.trackers.length === 0 ? {} : { trackers: trackers.value }),
    ...(config.keepBlocks === null
      ? {}
      : { keepBlocks: config.keepBlocks === "all" ? null : config.keepBlocks }),
    ...(Object.keys(mining.value).length === 0
      ? {}
      : { mining: { ...settings.value.mining, ...mining.value } }),
  };
  // A name or policy given once is kept, so that the next start needs no flags.
  const changed = Object.keys(flags).length === 0 ? ok() : kept.change(flags);
  if (!changed.ok) return changed;
  return ok({
    keypair: identity.value.keypair,
    settings: kept,
    doors: doors.value,
    networkKey: networkKey.value,
    ledger: ledger.value,
    deliveries: deliveries.value,
    blocks: blocks.value.database,
    edge: {
      log: fileLog(join(config.dataDir, "waybill.log")),
      clock: systemClock(config.clockOffsetMs),
      random: systemRandom,
    },
    startWarnings: blocks.value.repaired === null ? [] : [blocks.value.repaired],
  });
}

interface Reach {
  readonly network: PeerNetwork;
  readonly people: People;
}

interface Ledger {
  readonly chain: Chain;
  readonly checkpoints: Checkpoints;
  readonly wallet: Wallet;
  readonly payments: Payments;
  readonly names: Names;
  readonly miner: Features["miner"];
}

async function openReach(config: NodeConfig, base: Foundation, opened: AsyncDisposableStack): Promise<Reach> {
  const { clock, log, random } = base.edge;
  const people = openPeople({ store: diskPeople(base.deliveries), clock, log: log.child("people") });
  const network = await openNetwork(
    {
      keypair: base.keypair,
      name: ownNameOf(base.settings.current(), base.keypair.peerId),
      chainId: base.ledger.chainId,
      version: config.version,
      ...(config.listen.length === 0 ? {} : { listen: config.listen }),
      discovery: {
        mdns: config.discovery,
        announcements: config.discovery,
        excludedInterfaces: config.excludedInterfaces,
        ...(config.announceEveryMs === null ? {} : { announcementPeriodMs: config.announceEveryMs }),
        ...(config.announcePort === null ? {} : { announcementPort: config.announcePort }),
      },
      doors: base.doors,
      ...(base.networkKey === null ? {} : { networkKey: base.networkKey }),
      trackers: base.settings.current().trackers,
      listed: config.listed,
      portMapping: config.portMapping,
    },
    {
      clock,
      random,
      log: log.child("net"),
      addresses: diskAddresses(base.deliveries),
      isBlocked: (peer) => people.isBlocked(peer),
      isWanted: (peer) => people.isContact(peer),
    },
  );
  opened.defer(() => network.close());
  return { network, people };
}

async function openLedger(
  config: NodeConfig,
  base: Foundation,
  reach: Reach,
  opened: AsyncDisposableStack,
): Promise<Result<Ledger, Problem>> {
  const { clock, log, random } = base.edge;
  const { network } = reach.network;
  const signatures = openSignatureChecker({ clock, log: log.child("signatures") });
  opened.defer(() => signatures.close());
  const marks = diskCheckpoints(base.deliveries, base.ledger.chainIdHex);
  const side = openLedgerSideFiles(config.dataDir, base.ledger.chainIdHex);
  opened.defer(() => side.close());
  const { snapshots, history } = side;
  const { keepBlocks } = base.settings.current();
  const stores = { store: diskBlocks(base.blocks), snapshots, history };
  const chain = await openChain(
    { network: base.ledger, finalBlocks: finalBlocksOf(base.ledger, marks), keepBlocks },
    { ...stores, peers: network, clock, random, signatures, log: log.child("chain") },
  );
  if (!chain.ok) return chain;
  opened.defer(() => chain.value.chain.close());
  const around = { chain: chain.value.chain, keypair: base.keypair, clock, random };
  const told = { store: marks, peers: network, log: log.child("checkpoints") };
  const checkpoints = openCheckpoints({ ...around, ...told });
  opened.defer(() => checkpoints.close());
  const wallet = openWallet({ ...around, log: log.child("wallet") });
  opened.defer(() => wallet.close());
  const payments = openPayments({
    chain: chain.value.chain,
    account: base.keypair.account,
    store: diskPayments(base.deliveries, base.ledger.chainIdHex),
    log: log.child("wallet"),
  });
  opened.defer(payments.close);
  const ownNames = diskNames(base.deliveries, base.ledger.chainIdHex);
  const names = openNames({ ...around, wallet, store: ownNames, log: log.child("names") });
  opened.defer(() => names.close());
  const search = openThreadSearch({ startThread: startSearchThread, clock });
  const settings = base.settings.current().mining;
  const miner = openMiner(
    { account: base.keypair.account, ...settings, mode: config.mine ? settings.mode : "off" },
    { chain: chain.value.chain, clock, random, search, log: log.child("mining") },
  );
  opened.defer(() => miner.close());
  opened.defer(watchPower(clock, (source) => miner.setPower(source)));
  return ok({ chain: chain.value.chain, checkpoints, wallet, payments, names, miner });
}

async function openFeatures(
  config: NodeConfig,
  base: Foundation,
  opened: AsyncDisposableStack,
): Promise<Result<Features, Problem>> {
  const reach = await openReach(config, base, opened);
  const openedLedger = await openLedger(config, base, reach, opened);
  if (!openedLedger.ok) return openedLedger;
  const ledger = openedLedger.value;
  const { clock, log, random } = base.edge;
  const { keypair, deliveries } = base;
  const { network } = reach.network;
  const persons = createPersons({
    self: keypair.peerId,
    ownName: () => ownNameOf(base.settings.current(), keypair.peerId),
    people: reach.people,
    directory: reach.network.directory,
    correspondents: () => [...messaging.peers(), ...transfers.peers()],
    otherNetworkOf: otherNetworkOf(base.ledger, ledger.chain),
    relayName: (relay) => relayName(reach.network, relay),
  });
  const messaging = await openMessaging(
    { keypair },
    {
      network,
      clock,
      random,
      log: log.child("messaging"),
      store: diskMessages(deliveries, receiptCodec),
      admits: (peer) => !reach.people.isBlocked(peer),
      holds: (peer) => reach.people.holds(peer),
    },
  );
  opened.defer(() => messaging.close());
  const policy = policyOf({ settings: base.settings, people: reach.people, persons });
  const transfers = await openTransfers(
    { keypair, dataDir: config.dataDir },
    {
      network,
      clock,
      random,
      log: log.child("transfer"),
      store: diskTransfers(deliveries, receiptCodec),
      disk: nodeDisk,
      ...policy,
      holds: (peer) => reach.people.holds(peer),
    },
  );
  opened.defer(() => transfers.close());
  const anchoring = await openAnchors(base, reach, ledger);
  opened.defer(() => anchoring.close());
  const invites = openGuestBook(base, reach);
  opened.defer(() => invites.close());
  const peerClocks = openPeerClocks({ network, clock });
  opened.defer(() => peerClocks.close());
  const uploads = openUploads(join(config.dataDir, "uploads"), { clock, random });
  const readMarks = diskReadMarks(deliveries);
  return ok({
    ...reach,
    ...ledger,
    persons,
    messaging,
    transfers,
    anchoring,
    invites,
    peerClocks,
    uploads,
    readMarks,
  });
}

function otherNetworkOf(
  ours: LedgerNetwork,
  chain: Chain,
): Parameters<typeof createPersons>[0]["otherNetworkOf"] {
  const words = otherNetworkWords({ ...ours, name: ours.params.name });
  return (peer) => {
    const theirs = chain.peersOnOtherNetworks().get(peer);
    return theirs === undefined ? null : words(theirs);
  };
}

function openAnchors({ edge, deliveries, ...base }: Foundation, reach: Reach, ledger: Ledger) {
  return openAnchoring(
    { chainId: base.ledger.chainId },
    {
      ...edge,
      network: reach.network.network,
      log: edge.log.child("anchoring"),
      store: diskReceipts(deliveries),
      ledger: anchorLedger(ledger),
    },
  );
}

/** A guest and the invite it used are stored in one transaction: people and invites lie in one database. */
function openGuestBook(
  { edge, keypair, deliveries, settings }: Foundation,
  { network, people }: Reach,
): Invites {
  return openInvites(
    { keypair },
    {
      ...edge,
      network: network.network,
      log: edge.log.child("invites"),
      store: diskInvites(deliveries),
      reach: inviteReach(network, (address) => keepTracker(address, { settings, network })),
      keepVerified: (peer, alongside) => people.verify(peer, "invite", alongside),
    },
  );
}

/** As the user gave the address of the tracker that is the relay. */
function relayName(network: PeerNetwork, relay: PeerId): string | null {
  return network.trackers().find(({ peer }) => peer === relay)?.address ?? null;
}

/** The slice of chain and wallet that anchoring asks for. */
function anchorLedger({ chain, wallet }: Ledger): Parameters<typeof openAnchoring>[1]["ledger"] {
  return {
    async anchor(root) {
      const anchored = await wallet.anchor(root);
      if (anchored.ok) return anchored;
      return fail(walletProblem(anchored.fault, chain.network.params.coin));
    },
    anchorState: (id) => wallet.anchorState(id),
    inclusion: (id) => chain.inclusion(id),
    confirmationsOf: (id) => chain.confirmationsOf(id),
    height: () => chain.tip().height,
    onTip: (listener) =>
      chain.subscribe((event) => {
        if (event.type === "TipChanged") listener();
      }),
  };
}
