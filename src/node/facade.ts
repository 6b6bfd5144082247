/**
 * What a user can do with a running peer, whoever asks: page, CLI or script. Types only; `node/` implements it and
 * `api/server.ts` serves it. Every refusal is a `Problem`, ready to be shown.
 */
import type {
  BlockSummaryView,
  BlockView,
  ChainView,
  CheckpointsView,
  ConversationView,
  DoctorView,
  DoorsView,
  EventView,
  InviteView,
  MiningChanges,
  MiningView,
  NameView,
  OwnNameView,
  PersonView,
  ScanView,
  SlipFileView,
  SlipView,
  StatusView,
  TrackerView,
  TransactionView,
  VerdictView,
  WalletView,
} from "#api/views.ts";
import type { PeerId } from "#base/brand.ts";
import type { Unsubscribe } from "#base/emitter.ts";
import type { Problem, Result } from "#base/result.ts";

type Answer<Value> = Promise<Result<Value, Problem>>;

/** An event with its place in this run's order. `epoch` names the run: sequences of another run mean nothing here. */
export interface SequencedEvent {
  readonly epoch: string;
  readonly sequence: number;
  readonly event: EventView;
}

export interface EventFeed {
  readonly epoch: string;
  /** The sequence number of the newest event; a snapshot read after this call holds at least that much. */
  latest(): number;
  /** Events after `sequence`, or `null` when some are no longer held: then the snapshots must be read again. */
  since(sequence: number): readonly SequencedEvent[] | null;
  subscribe(listener: (event: SequencedEvent) => void): Unsubscribe;
}

export interface SavedFile {
  readonly path: string;
  readonly name: string;
  readonly bytes: number;
}

export interface Facade {
  readonly feed: EventFeed;
  status(): Promise<StatusView>;

  people(): Promise<readonly PersonView[]>;
  person(who: string): Answer<PersonView>;
  /** @param address multiaddr, `host:port`, or `[v6]:port`. Dials it and remembers it as typed. */
  connect(address: string): Answer<PersonView>;
  updatePerson(
    who: string,
    change: {
      readonly petname?: string | null;
      readonly contact?: boolean;
      readonly blocked?: boolean;
      readonly verified?: boolean;
    },
  ): Answer<PersonView>;
  /** This key stands for the person it looks like from now on. */
  acceptKey(who: string): Answer<PersonView>;
  /** This key is somebody else than the person it looks like. */
  keepApart(who: string): Answer<PersonView>;
  /** @param ports as in `28411-28475,4000`; absent: the usual ones. */
  scan(target: string, ports?: string): Answer<ScanView>;

  trackers(): Promise<readonly TrackerView[]>;
  /** @param address `host[:port]`, a multiaddr, or a URL of its web port. Kept for later starts. */
  addTracker(address: string): Answer<readonly TrackerView[]>;
  removeTracker(address: string): Answer<readonly TrackerView[]>;

  invites(): Promise<readonly InviteView[]>;
  createInvite(options: { readonly hours?: number; readonly note?: string }): Answer<InviteView>;
  revokeInvite(id: string): Answer<InviteView>;
  /** @param text link or words. Answers when both sides have verified each other, or why they could not. */
  acceptInvite(text: string, address?: string): Answer<PersonView>;

  doctor(): Promise<DoctorView>;
  doctorPerson(who: string): Answer<DoctorView>;
  doors(): Promise<DoorsView>;
  setDoors(change: {
    readonly mode?: DoorsView["mode"];
    readonly allow?: readonly string[];
    readonly block?: readonly string[];
  }): Answer<DoorsView>;

  conversations(): Promise<readonly ConversationView[]>;
  markRead(who: string): Answer<undefined>;
  /** Newest first. `before` is an `order` of the same query, exclusive. */
  slips(query: {
    readonly who?: string;
    readonly before?: number;
    readonly limit: number;
    readonly direction?: "in" | "out";
  }): Answer<readonly SlipView[]>;
  slip(id: string): Answer<SlipView>;
  slipFiles(id: string): Answer<readonly SlipFileView[]>;

  /** `who` is a peer id, petname, claimed name, or an unambiguous beginning of one. */
  say(who: string, text: string): Answer<SlipView>;
  /** Offers files and folders of this computer. */
  sendPaths(who: string, paths: readonly string[]): Answer<SlipView>;
  /** Opens a folder for what a page uploads; finished by `sendUpload`, dropped by time. */
  beginUpload(): Answer<{ readonly uploadId: string }>;
  addUploadFile(
    uploadId: string,
    path: string,
    body: ReadableStream<Uint8Array>,
  ): Answer<{ readonly bytes: number }>;
  sendUpload(who: string, uploadId: string): Answer<SlipView>;
  /** @param folder absolute path to save under instead of the usual place. */
  accept(id: string, folder?: string): Answer<SlipView>;
  decline(id: string): Answer<SlipView>;
  cancel(id: string): Answer<SlipView>;
  /** A file of a finished transfer, for download. */
  savedFile(id: string, path: string): Answer<SavedFile>;
  /** The `.waybill` file of a receipted delivery. */
  receipt(id: string): Answer<{ readonly fileName: string; readonly bytes: Uint8Array }>;
  verify(waybill: Uint8Array): Promise<VerdictView>;

  chain(): Promise<ChainView>;
  /** Newest first; `before` is a height, exclusive. */
  blocks(query: { readonly before?: number; readonly limit: number }): Promise<readonly BlockSummaryView[]>;
  block(heightOrId: string): Answer<BlockView>;
  transaction(id: string): Answer<TransactionView>;
  /** Of many the newest; {@link ChainView.pendingCount} counts all. Oldest first. */
  pending(): Promise<readonly TransactionView[]>;
  wallet(): Promise<WalletView>;
  /** `to` is whom to pay (as in `say`) or a 64-digit account. */
  pay(to: string, amount: number, fee?: number): Answer<TransactionView>;
  /** Of a payment that was not made: it is told of no more. @param beginning of its id. */
  dismissPayment(beginning: string): Answer<undefined>;
  mining(): Promise<MiningView>;
  /** Only what is given changes. */
  setMining(changes: MiningChanges): Answer<MiningView>;
  /** A file that shows what the ledger holds of an account or a name after the newest block. @param of as in `pay`, or the name. */
  prove(
    kind: "account" | "name",
    of: string,
  ): Answer<{ readonly fileName: string; readonly bytes: Uint8Array }>;
  checkpoints(): Promise<CheckpointsView>;
  /** In the order in which they were asked for. */
  names(): Promise<readonly OwnNameView[]>;
  name(name: string): Answer<NameView>;
  /** @param key whom it stands for, as in `say`, or an account; ourselves when absent. */
  registerName(name: string, key?: string): Answer<readonly OwnNameView[]>;
  /** Exactly one of the changes. `key` and `owner` as in `registerName`. */
  changeName(
    name: string,
    change: { readonly renew?: true; readonly key?: string; readonly owner?: string },
  ): Answer<NameView>;
  forgetName(name: string): Answer<undefined>;
  setName(name: string): Answer<StatusView>;
  setAccept(accept: "all" | "contacts" | "ask"): Answer<StatusView>;
}

export type { PeerId };
