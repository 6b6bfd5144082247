/**
 * Joins the features into what a user sees: the facade, its feed, and the flows between siblings that do not know
 * each other. Opens nothing: what it is given is running already.
 */
import type { Anchoring } from "#anchoring/index.ts";
import type { VerdictView } from "#api/views.ts";
import type { PeerId } from "#base/brand.ts";
import { toHex } from "#base/bytes.ts";
import type { Unsubscribe } from "#base/emitter.ts";
import type { Problem } from "#base/result.ts";
import type { Chain, Checkpoints, Names, Payments, Wallet } from "#chain/index.ts";
import type { PeerClocks } from "#doctor/index.ts";
import type { Invites } from "#invites/index.ts";
import type { Messaging } from "#messaging/index.ts";
import type { Miner } from "#mining/index.ts";
import type { PeerNetwork } from "#net/index.ts";
import type { People, ReadMarkStore } from "#people/index.ts";
import type { Clock } from "#ports/clock.ts";
import type { Log } from "#ports/log.ts";
import type { Random } from "#ports/random.ts";
import type { Transfers } from "#transfer/index.ts";
import { checkpointActions } from "./checkpoint-actions.ts";
import { deliveryActions } from "./delivery-actions.ts";
import { doctorActions } from "./doctor-actions.ts";
import { doorsActions } from "./doors-actions.ts";
import { endedPaymentActions } from "./ended-payments.ts";
import type { Facade } from "./facade.ts";
import { createFeed } from "./feed.ts";
import { joinFeed } from "./flows/feed-joins.ts";
import { joinReceipts } from "./flows/receipts-to-anchoring.ts";
import { inviteActions } from "./invite-actions.ts";
import { ledgerActions } from "./ledger-actions.ts";
import { UPLOAD_TRANSFERS_LOOKED_AT } from "./limits.ts";
import type { Listening } from "./listening.ts";
import { miningView } from "./mining-view.ts";
import { nameActions } from "./name-actions.ts";
import { peopleActions } from "./people-actions.ts";
import type { Persons } from "./person-view.ts";
import { reachActions } from "./reach-actions.ts";
import { type SettingsKeeper, settingsActions } from "./settings-actions.ts";
import { hasEnded } from "./slip-view.ts";
import { createSlips } from "./slips.ts";
import { stampOf } from "./stamp.ts";
import { statusView } from "./status.ts";
import type { Uploads } from "./uploads.ts";

export interface Features {
  readonly network: PeerNetwork;
  readonly people: People;
  readonly persons: Persons;
  readonly chain: Chain;
  readonly wallet: Wallet;
  readonly payments: Payments;
  readonly checkpoints: Checkpoints;
  readonly names: Names;
  readonly miner: Miner;
  readonly messaging: Messaging;
  readonly transfers: Transfers;
  readonly anchoring: Anchoring;
  readonly invites: Invites;
  readonly peerClocks: PeerClocks;
  readonly readMarks: ReadMarkStore;
  readonly uploads: Uploads;
}

export interface Surroundings {
  readonly edge: { readonly log: Log; readonly clock: Clock; readonly random: Random };
  readonly settings: SettingsKeeper;
  readonly ownName: () => string;
  readonly version: string;
  readonly dataDir: string;
  readonly receivedDir: string;
  readonly startWarnings: readonly Problem[];
  /** Everything by which this peer waits for others, the page included. */
  readonly listening: () => readonly Listening[];
  readonly discovery: { readonly looksNearby: boolean; readonly excludedInterfaces: readonly string[] };
  readonly verify: (waybill: Uint8Array) => VerdictView;
}

export interface Joined {
  readonly facade: Facade;
  /** Stops the flows; the features live on. */
  readonly part: Unsubscribe;
}

const EPOCH_BYTES = 8;

/** What a page handed over is removed once its delivery has ended, also when that was in an earlier run. */
function releaseUploads({ transfers, uploads }: Features, log: Log): Unsubscribe {
  const watch = (work: Promise<void>) => {
    work.catch((error) => log.fault("an upload could not be removed", error));
  };
  const newest = transfers.history({ limit: UPLOAD_TRANSFERS_LOOKED_AT });
  watch(
    uploads.recover({
      anyUnfinished: newest.some((transfer) => transfer.direction === "out" && !hasEnded(transfer)),
      isUnfinished(id) {
        const transfer = transfers.get(id);
        return transfer !== null && !hasEnded(transfer);
      },
    }),
  );
  return transfers.subscribe((event) => {
    if (event.type !== "changed" || !hasEnded(event.transfer)) return;
    watch(uploads.release(event.transfer.deliveryId));
  });
}

/** People are remembered as seen while they are connected, and a name that somebody claims is looked at in any case. */
function noticeWhoIsThere({ network, people }: Features): Unsubscribe {
  return network.directory.subscribe((event) => {
    if (event.type !== "peer") return;
    const { peer, claimedName, online } = event.entry;
    // A tracker that carries for somebody is connected for a moment before it is known to be one; it claims no name.
    if (claimedName === null) return;
    if (online) people.seen(peer, claimedName);
    else people.heardOf(peer, claimedName);
  });
}

function statusOf(features: Features, around: Surroundings, startedMs: number) {
  const settings = () => around.settings.current();
  return statusView({ ...around, ...features, startedMs, settings });
}

export function joinFeatures(features: Features, around: Surroundings): Joined {
  const { anchoring, chain, messaging, miner, network, people, persons, transfers, wallet } = features;
  const { clock, log, random } = around.edge;
  const epoch = toHex(random.bytes(EPOCH_BYTES));
  const feed = createFeed(epoch, (error) => log.fault("a follower of the feed failed", error));
  const startedMs = clock.nowMs();
  const slips = createSlips({ ...features, stampOf: (id) => stampOf(anchoring.anchor(id)) });
  const status = () => statusOf(features, around, startedMs);

  const keepAsContact = (peer: PeerId): void => {
    // Whoever looks like somebody else was perhaps not meant.
    if (!people.isContact(peer) && people.holds(peer) === null) people.update(peer, { contact: true });
  };
  const retryDeliveries = (peer: PeerId): void => {
    messaging.retry(peer);
    transfers.retry(peer);
  };

  const stops = [
    joinReceipts({ messaging, transfers, log, add: (receipt, manifest) => anchoring.add(receipt, manifest) }),
    releaseUploads(features, log),
    people.subscribe(({ person, released }) => {
      if (released) retryDeliveries(person.peer);
    }),
    noticeWhoIsThere(features),
    joinFeed({
      ...features,
      clock,
      log,
      status,
      publish: (event) => feed.publish(event),
      onAnchorChanged: (listener) => anchoring.subscribe((event) => listener(event.deliveryId)),
      directory: network.directory,
      slipOf: (id) => slips.get(id),
      mining: () => miningView(miner, chain, wallet.account),
    }),
  ];

  const facade: Facade = {
    feed,
    status: async () => status(),
    ...peopleActions({ persons, people, network, clock }),
    ...inviteActions({ ...features, clock }),
    ...deliveryActions({
      ...features,
      slips,
      keepAsContact,
      waybill: (id) => anchoring.waybill(id),
      verify: around.verify,
    }),
    ...ledgerActions({
      ...features,
      rememberMining: (mining) => around.settings.change({ mining }),
    }),
    ...endedPaymentActions(features.payments),
    ...checkpointActions(features.checkpoints, wallet.account, persons.nameOfAccount),
    ...nameActions({ ...features, account: wallet.account }),
    ...reachActions({ settings: around.settings, network, persons, clock }),
    ...doorsActions({ settings: around.settings, network }),
    ...doctorActions({ ...around, ...around.discovery, ...features, clock }),
    ...settingsActions({ settings: around.settings, network, status }),
  };
  return {
    facade,
    part() {
      for (const stop of stops) stop();
    },
  };
}
