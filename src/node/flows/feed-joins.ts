/**
 * Joins what the features announce into the one feed. A burst (a chain catching up, counters that move) is told as
 * one event a period; what people wait for (a slip, a person) is told at once.
 */
import type { BlockSummaryView, EventView, MiningView, SlipView, StatusView } from "#api/views.ts";
import type { BlockId, DeliveryId, PeerId } from "#base/brand.ts";
import type { Unsubscribe } from "#base/emitter.ts";
import type { BlockSummary, Chain, ChainEvent, Payments } from "#chain/index.ts";
import type { Messaging } from "#messaging/index.ts";
import type { Miner } from "#mining/index.ts";
import type { Directory } from "#net/index.ts";
import type { People } from "#people/index.ts";
import type { Clock, Timer } from "#ports/clock.ts";
import type { Log } from "#ports/log.ts";
import type { Transfers } from "#transfer/index.ts";
import { blockSummaryView, chainView, poolEntryView, type TransactionWords } from "../chain-view.ts";
import {
  CHAIN_EVENT_EVERY_MS,
  FEED_BLOCKS_MAX,
  FEED_REMOVED_MAX,
  PENDING_LISTED_MAX,
  STATUS_EVERY_MS,
} from "../limits.ts";
import type { Persons } from "../person-view.ts";

export interface FeedSources {
  readonly clock: Clock;
  readonly log: Pick<Log, "fault">;
  readonly publish: (event: EventView) => void;
  readonly chain: Chain;
  readonly miner: Miner;
  readonly payments: Pick<Payments, "subscribe">;
  readonly messaging: Pick<Messaging, "subscribe">;
  readonly transfers: Pick<Transfers, "subscribe">;
  readonly onAnchorChanged: (listener: (id: DeliveryId) => void) => Unsubscribe;
  readonly directory: Directory;
  readonly people: Pick<People, "subscribe">;
  readonly persons: Persons;
  readonly slipOf: (id: DeliveryId) => SlipView | null;
  readonly mining: () => MiningView;
  readonly status: () => StatusView;
}

/**
 * Calls `task` once for any number of `nudge` calls within `periodMs`. What it throws is logged, and the next nudge calls it
 * again: it reads the ledger, and nobody would catch what a timer throws while that is damaged.
 */
export function coalesce(
  { clock, log }: Pick<FeedSources, "clock" | "log">,
  periodMs: number,
  task: () => void,
): { nudge(): void; stop(): void } {
  let timer: Timer | null = null;
  return {
    nudge() {
      timer ??= clock.after(periodMs, () => {
        timer = null;
        try {
          task();
        } catch (error) {
          log.fault("a change could not be told; the next one tells it too", error);
        }
      });
    },
    stop() {
      timer?.cancel();
      timer = null;
    },
  };
}

/** Gathers tip changes, so that a block that came and went within one period is not told at all. */
export function tipGatherer(nameOf: Persons["nameOfAccount"]) {
  let connected: BlockSummary[] = [];
  let disconnected: BlockId[] = [];
  return {
    add(event: Extract<ChainEvent, { type: "TipChanged" }>) {
      const gone = new Set(event.disconnected);
      const unseen = new Set(connected.filter((block) => gone.has(block.id)).map((block) => block.id));
      connected = [...connected.filter((block) => !gone.has(block.id)), ...event.connected].slice(
        -FEED_BLOCKS_MAX,
      );
      const left = [...disconnected, ...event.disconnected.filter((id) => !unseen.has(id))];
      disconnected = left.slice(0, FEED_REMOVED_MAX + 1);
    },
    /** `null` when more went than are told one by one: a ledger that began anew may leave thousands. */
    take(): { connected: BlockSummaryView[]; disconnected: BlockId[] } | null {
      const taken = { connected: connected.map((block) => blockSummaryView(block, nameOf)), disconnected };
      connected = [];
      disconnected = [];
      return taken.disconnected.length > FEED_REMOVED_MAX ? null : taken;
    },
  };
}

/** After a large reorganisation so much comes and goes that the list is shorter. */
export function poolEvent(
  { added, removed }: Extract<ChainEvent, { type: "PoolChanged" }>,
  words: TransactionWords,
): EventView {
  if (added.length > PENDING_LISTED_MAX || removed.length > FEED_REMOVED_MAX) return { type: "reset" };
  return { type: "pool", added: added.map((entry) => poolEntryView(entry, words)), removed: [...removed] };
}

function joinChain(sources: FeedSources, nudgeStatus: () => void): readonly Unsubscribe[] {
  const { chain, publish, persons } = sources;
  const tips = tipGatherer(persons.nameOfAccount);
  const words = { nameOf: persons.nameOfAccount, names: chain.network.params.names };
  const tell = coalesce(sources, CHAIN_EVENT_EVERY_MS, () => {
    const moved = tips.take();
    if (moved === null) publish({ type: "reset" });
    else publish({ type: "chain", chain: chainView(chain, persons.nameOfAccount), ...moved });
    nudgeStatus();
  });
  const stop = chain.subscribe((event) => {
    switch (event.type) {
      case "TipChanged":
        tips.add(event);
        tell.nudge();
        break;
      case "PoolChanged":
        publish(poolEvent(event, words));
        tell.nudge();
        break;
      case "SyncChanged":
        tell.nudge();
        break;
      case "PeerNetworkDiffers":
        publish({ type: "person", person: persons.view(event.peer) });
        break;
      case "ProblemChanged":
        nudgeStatus();
        break;
    }
  });
  return [stop, tell.stop];
}

function joinDeliveries(sources: FeedSources): readonly Unsubscribe[] {
  const { publish, slipOf } = sources;
  const tell = (id: DeliveryId) => {
    const slip = slipOf(id);
    if (slip !== null) publish({ type: "slip", slip });
  };
  return [
    sources.messaging.subscribe((event) => {
      if (event.type === "changed") tell(event.message.deliveryId);
    }),
    sources.transfers.subscribe((event) => {
      if (event.type !== "receipt-completed") tell(event.transfer.deliveryId);
    }),
    sources.onAnchorChanged(tell),
  ];
}

export function joinFeed(sources: FeedSources): Unsubscribe {
  const { publish, persons } = sources;
  const status = coalesce(sources, STATUS_EVERY_MS, () =>
    publish({ type: "status", status: sources.status() }),
  );
  const tellPerson = (peer: PeerId) => publish({ type: "person", person: persons.view(peer) });
  const stops: readonly Unsubscribe[] = [
    ...joinChain(sources, status.nudge),
    ...joinDeliveries(sources),
    sources.directory.subscribe((event) => {
      if (event.type === "peer") tellPerson(event.entry.peer);
      status.nudge();
    }),
    sources.payments.subscribe(() => status.nudge()),
    sources.people.subscribe((event) => tellPerson(event.person.peer)),
    sources.miner.subscribe((event) => {
      if (event.type === "StatusChanged") publish({ type: "mining", mining: sources.mining() });
      status.nudge();
    }),
    status.stop,
  ];
  return () => {
    for (const stop of stops) stop();
  };
}
