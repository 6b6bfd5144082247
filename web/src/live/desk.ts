/**
 * Owns what the page knows of its peer, as one value, and how an event changes it. Pure: neither fetches nor
 * draws. Histories of conversations are kept apart (history.ts), since each is read only when it is opened.
 */
import type {
  BlockSummaryView,
  ConversationView,
  EventView,
  PersonView,
  SlipView,
  StatusView,
  TransactionView,
} from "#api/views.ts";
import type { PeerId } from "#base/brand.ts";

/** Blocks that a reorganisation took out of the best chain and that are still shown beside it. */
const ASIDE_BLOCKS_MAX = 12;
/** An aside block this far below the tip is history, and leaves the page. */
const ASIDE_DEPTH_MAX = 30;
/** The peer lists as many, and the page keeps no more: the newest. */
const PENDING_MAX = 1_000;

export interface Desk {
  /** Its `chain`, `mining` and `peersOnline` follow their own events. */
  readonly status: StatusView;
  readonly people: readonly PersonView[];
  /** The most recent slip first. */
  readonly conversations: readonly ConversationView[];
  /** Newest first, without gaps; older ones are fetched when they are scrolled to. */
  readonly blocks: readonly BlockSummaryView[];
  readonly aside: readonly BlockSummaryView[];
  /** Transactions that wait, newest last; of many the newest. */
  readonly pending: readonly TransactionView[];
}

/** @param reading the person whose conversation is open before the reader's eyes: what comes there is not unread. */
export function reduceDesk(desk: Desk, event: EventView, reading: PeerId | null): Desk {
  switch (event.type) {
    case "reset":
      return desk;
    case "status":
      return { ...desk, status: event.status };
    case "mining":
      return { ...desk, status: { ...desk.status, mining: event.mining } };
    case "person":
      return withPerson(desk, event.person);
    case "slip":
      return { ...desk, conversations: withSlip(desk, event.slip, reading) };
    case "pool":
      return { ...desk, pending: withPool(desk.pending, event.added, event.removed) };
    case "chain":
      return withChain(desk, event);
  }
}

function replaceOrAdd<Item>(items: readonly Item[], same: (item: Item) => boolean, item: Item): Item[] {
  const at = items.findIndex(same);
  return at < 0 ? [...items, item] : items.with(at, item);
}

function withPerson(desk: Desk, person: PersonView): Desk {
  const people = replaceOrAdd(desk.people, ({ peerId }) => peerId === person.peerId, person);
  return {
    ...desk,
    people,
    status: { ...desk.status, peersOnline: people.filter(({ online }) => online).length },
    conversations: desk.conversations.map((conversation) =>
      conversation.person.peerId === person.peerId ? { ...conversation, person } : conversation,
    ),
  };
}

function withSlip(desk: Desk, slip: SlipView, reading: PeerId | null): readonly ConversationView[] {
  const known = desk.conversations.find(({ person }) => person.peerId === slip.peerId);
  const person = known?.person ?? desk.people.find(({ peerId }) => peerId === slip.peerId);
  // A slip of somebody whose person event is still to come: that event is followed by a snapshot of ours.
  if (person === undefined) return desk.conversations;
  const last = known?.last ?? null;
  const isNew = last === null || slip.order > last.order;
  const counts = isNew && slip.direction === "in" && slip.peerId !== reading;
  const conversation: ConversationView = {
    person,
    last: isNew || last.id === slip.id ? slip : last,
    unread: (known?.unread ?? 0) + (counts ? 1 : 0),
  };
  if (!isNew) return desk.conversations.map((each) => (each === known ? conversation : each));
  return [conversation, ...desk.conversations.filter((each) => each !== known)];
}

function withPool(
  pending: readonly TransactionView[],
  added: readonly TransactionView[],
  removed: readonly string[],
): readonly TransactionView[] {
  const gone = new Set<string>([...removed, ...added.map(({ id }) => id)]);
  return [...pending.filter(({ id }) => !gone.has(id)), ...added].slice(-PENDING_MAX);
}

/** How many wait, those that are not listed too. */
export function waitingCount({ pending, status }: Pick<Desk, "pending" | "status">): number {
  return pending.length < PENDING_MAX ? pending.length : Math.max(pending.length, status.chain.pendingCount);
}

function withChain(desk: Desk, event: Extract<EventView, { type: "chain" }>): Desk {
  const disconnected = new Set<string>(event.disconnected);
  const back = new Set<string>(event.connected.map(({ id }) => id));
  const tipHeight = event.chain.tip.height;
  const left = desk.blocks.filter(({ id }) => disconnected.has(id) && !back.has(id));
  const aside = [...left, ...desk.aside.filter(({ id }) => !back.has(id))]
    .filter(({ height }) => height > tipHeight - ASIDE_DEPTH_MAX)
    .slice(0, ASIDE_BLOCKS_MAX);
  const blocks = joinBlocks(
    event.connected.toSorted((one, other) => other.height - one.height),
    desk.blocks.filter(({ id }) => !disconnected.has(id) && !back.has(id)),
  );
  return { ...desk, status: { ...desk.status, chain: event.chain }, blocks, aside };
}

/**
 * `newer` on top of `older`, both newest first. Where they do not touch, as after a long catching-up, what is older
 * is dropped rather than shown with a gap; scrolling fetches it again.
 */
export function joinBlocks(
  newer: readonly BlockSummaryView[],
  older: readonly BlockSummaryView[],
): readonly BlockSummaryView[] {
  const joined: BlockSummaryView[] = [];
  for (const block of [...newer, ...older]) {
    const above = joined.at(-1);
    if (above !== undefined && above.height - 1 !== block.height) break;
    joined.push(block);
  }
  return joined;
}

/** Nothing of this person is unread any more. */
export function markedRead(desk: Desk, peerId: PeerId): Desk {
  return {
    ...desk,
    conversations: desk.conversations.map((conversation) =>
      conversation.person.peerId === peerId ? { ...conversation, unread: 0 } : conversation,
    ),
  };
}
