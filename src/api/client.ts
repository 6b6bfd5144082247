/**
 * Owns the way in which the page, the CLI and scripts speak to a running peer: one method for each operation of
 * `node/facade.ts`, and the event stream. Runs in browsers and in Node. Holds no state but its settings.
 *
 * Every answer is a value: a refusal of the peer, or a peer that cannot be reached, is a `Problem`.
 */
import type {
  BlockSummaryView,
  BlockView,
  ChainView,
  CheckpointsView,
  ConversationView,
  DoctorView,
  DoorsView,
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
import { Caller, type ClientDependencies, type ClientOptions, type Reply, type UploadBody } from "./call.ts";
import { type EventsOptions, type ReceivedEvent, receiveEvents } from "./receive-events.ts";
import { OPEN_PATH, pathOf } from "./routes.ts";

export type { Answered, ClientDependencies, ClientOptions, Reply, UploadBody } from "./call.ts";
export type { Connection, EventsOptions, ReceivedEvent } from "./receive-events.ts";

export interface SlipsQuery {
  readonly who?: string;
  readonly before?: number;
  readonly limit?: number;
  readonly direction?: "in" | "out";
}

/** Exactly one of them. */
export type NameChange = { readonly renew: true } | { readonly key: string } | { readonly owner: string };

export interface PersonChange {
  readonly petname?: string | null;
  readonly contact?: boolean;
  readonly blocked?: boolean;
  readonly verified?: boolean;
}

export interface DoorsChange {
  readonly mode?: DoorsView["mode"];
  readonly allow?: readonly string[];
  readonly block?: readonly string[];
}

export interface Client {
  status(): Reply<StatusView>;
  setName(name: string): Reply<StatusView>;
  setAccept(accept: "all" | "contacts" | "ask"): Reply<StatusView>;

  people(): Reply<readonly PersonView[]>;
  person(who: string): Reply<PersonView>;
  updatePerson(who: string, change: PersonChange): Reply<PersonView>;
  connect(address: string): Reply<PersonView>;
  acceptKey(who: string): Reply<PersonView>;
  keepApart(who: string): Reply<PersonView>;
  scan(target: string, ports?: string): Reply<ScanView>;

  trackers(): Reply<readonly TrackerView[]>;
  addTracker(address: string): Reply<readonly TrackerView[]>;
  removeTracker(address: string): Reply<readonly TrackerView[]>;

  invites(): Reply<readonly InviteView[]>;
  createInvite(options: { readonly hours?: number; readonly note?: string }): Reply<InviteView>;
  revokeInvite(id: string): Reply<InviteView>;
  /** Takes as long as the other side needs; an aborted signal gives up. */
  acceptInvite(text: string, address?: string, signal?: AbortSignal): Reply<PersonView>;

  doctor(): Reply<DoctorView>;
  doctorPerson(who: string): Reply<DoctorView>;
  doors(): Reply<DoorsView>;
  setDoors(change: DoorsChange): Reply<DoorsView>;

  conversations(): Reply<readonly ConversationView[]>;
  markRead(who: string): Reply<undefined>;

  slips(query: SlipsQuery): Reply<readonly SlipView[]>;
  slip(id: string): Reply<SlipView>;
  slipFiles(id: string): Reply<readonly SlipFileView[]>;
  /** The bytes of one saved file as a stream. */
  savedFile(id: string, path: string): Reply<ReadableStream<Uint8Array>>;
  /** A URL that gives one saved file once, without a header; for links that a browser follows. */
  fileTicket(id: string, path: string): Reply<{ readonly url: string }>;
  accept(id: string, folder?: string): Reply<SlipView>;
  decline(id: string): Reply<SlipView>;
  cancel(id: string): Reply<SlipView>;
  receipt(id: string): Reply<{ readonly fileName: string; readonly bytes: Uint8Array<ArrayBuffer> }>;
  verify(waybill: Uint8Array<ArrayBuffer>): Reply<VerdictView>;

  say(who: string, text: string): Reply<SlipView>;
  sendPaths(who: string, paths: readonly string[]): Reply<SlipView>;
  beginUpload(): Reply<{ readonly uploadId: string }>;
  addUploadFile(
    uploadId: string,
    path: string,
    body: UploadBody,
    signal?: AbortSignal,
  ): Reply<{ readonly bytes: number }>;
  sendUpload(who: string, uploadId: string): Reply<SlipView>;

  chain(): Reply<ChainView>;
  blocks(query: { readonly before?: number; readonly limit?: number }): Reply<readonly BlockSummaryView[]>;
  block(heightOrId: string): Reply<BlockView>;
  transaction(id: string): Reply<TransactionView>;
  pending(): Reply<readonly TransactionView[]>;
  wallet(): Reply<WalletView>;
  pay(to: string, amount: number, fee?: number): Reply<TransactionView>;
  dismissPayment(id: string): Reply<undefined>;
  mining(): Reply<MiningView>;
  /** Only what is given changes. */
  setMining(changes: MiningChanges): Reply<MiningView>;

  prove(
    kind: "account" | "name",
    of: string,
  ): Reply<{ readonly fileName: string; readonly bytes: Uint8Array<ArrayBuffer> }>;
  checkpoints(): Reply<CheckpointsView>;
  names(): Reply<readonly OwnNameView[]>;
  name(name: string): Reply<NameView>;
  registerName(name: string, key?: string): Reply<readonly OwnNameView[]>;
  changeName(name: string, change: NameChange): Reply<NameView>;
  forgetName(name: string): Reply<undefined>;

  /** A URL that opens the page once, without showing the token. */
  pageTicket(): Reply<{ readonly url: string }>;

  /** Runs until the signal is aborted: connects again by itself and resumes after the last event given. */
  events(options: EventsOptions): AsyncGenerator<ReceivedEvent, void, undefined>;
}

/** How others are found, invited and reached, and who may come in. */
function reachCalls(
  call: Caller,
): Pick<
  Client,
  | "acceptKey"
  | "keepApart"
  | "scan"
  | "trackers"
  | "addTracker"
  | "removeTracker"
  | "invites"
  | "createInvite"
  | "revokeInvite"
  | "acceptInvite"
  | "doctor"
  | "doctorPerson"
  | "doors"
  | "setDoors"
> {
  return {
    acceptKey: (who) => call.json("acceptKey", { parameters: { who } }),
    keepApart: (who) => call.json("keepApart", { parameters: { who } }),
    scan: (target, ports) =>
      call.json("scan", { json: ports === undefined ? { target } : { target, ports } }),

    trackers: () => call.json("trackers"),
    addTracker: (address) => call.json("addTracker", { json: { address } }),
    removeTracker: (address) => call.json("removeTracker", { query: { address } }),

    invites: () => call.json("invites"),
    createInvite: (wanted) => call.json("createInvite", { json: wanted }),
    revokeInvite: (id) => call.json("revokeInvite", { parameters: { id } }),
    acceptInvite: (text, address, signal) =>
      call.json("acceptInvite", {
        json: address === undefined ? { text } : { text, address },
        ...(signal === undefined ? {} : { signal }),
      }),

    doctor: () => call.json("doctor"),
    doctorPerson: (who) => call.json("doctorPerson", { parameters: { who } }),
    doors: () => call.json("doors"),
    setDoors: (change) => call.json("setDoors", { json: change }),
  };
}

function walletCalls(call: Caller): Pick<Client, "wallet" | "pay" | "dismissPayment"> {
  return {
    wallet: () => call.json("wallet"),
    pay: (to, amount, fee) =>
      call.json("pay", { json: fee === undefined ? { to, amount } : { to, amount, fee } }),
    dismissPayment: (id) => call.json("dismissPayment", { parameters: { id } }),
  };
}

/** What the ledger says beyond coins: names, and who co-signs. */
function recordCalls(
  call: Caller,
): Pick<Client, "prove" | "checkpoints" | "names" | "name" | "registerName" | "changeName" | "forgetName"> {
  return {
    prove: (kind, of) => call.attachment("prove", { parameters: { kind, of } }),
    checkpoints: () => call.json("checkpoints"),
    names: () => call.json("names"),
    name: (name) => call.json("name", { parameters: { name } }),
    registerName: (name, key) =>
      call.json("registerName", { json: key === undefined ? { name } : { name, key } }),
    changeName: (name, change) => call.json("changeName", { parameters: { name }, json: change }),
    forgetName: (name) => call.json("forgetName", { parameters: { name } }),
  };
}

export function createClient(options: ClientOptions, dependencies: ClientDependencies): Client {
  const call = new Caller(options, dependencies);
  return {
    status: () => call.json("status"),
    setName: (name) => call.json("setName", { json: { name } }),
    setAccept: (accept) => call.json("setAccept", { json: { accept } }),

    people: () => call.json("people"),
    person: (who) => call.json("person", { parameters: { who } }),
    updatePerson: (who, change) => call.json("updatePerson", { parameters: { who }, json: change }),
    connect: (address) => call.json("connect", { json: { address } }),
    ...reachCalls(call),

    conversations: () => call.json("conversations"),
    markRead: (who) => call.json("markRead", { parameters: { who } }),

    slips: (query) => call.json("slips", { query: { ...query } }),
    slip: (id) => call.json("slip", { parameters: { id } }),
    slipFiles: (id) => call.json("slipFiles", { parameters: { id } }),
    savedFile: (id, path) => call.stream("savedFile", { parameters: { id }, query: { path } }),
    fileTicket: async (id, path) => {
      const ticket = await call.json<{ ticket: string }>("fileTicket", {
        parameters: { id },
        json: { path },
      });
      if (!ticket.ok) return ticket;
      return {
        ...ticket,
        value: { url: options.origin + pathOf("download", { ticket: ticket.value.ticket }) },
      };
    },
    accept: (id, folder) =>
      call.json("accept", { parameters: { id }, json: folder === undefined ? {} : { folder } }),
    decline: (id) => call.json("decline", { parameters: { id } }),
    cancel: (id) => call.json("cancel", { parameters: { id } }),
    receipt: (id) => call.attachment("receipt", { parameters: { id } }),
    verify: (waybill) => call.json("verify", { body: waybill }),

    say: (who, text) => call.json("say", { json: { who, text } }),
    sendPaths: (who, paths) => call.json("sendPaths", { json: { who, paths } }),
    beginUpload: () => call.json("beginUpload"),
    addUploadFile: (uploadId, path, body, signal) =>
      call.json("addUploadFile", {
        parameters: { uploadId },
        query: { path },
        body,
        ...(signal === undefined ? {} : { signal }),
      }),
    sendUpload: (who, uploadId) => call.json("sendUpload", { parameters: { uploadId }, json: { who } }),

    chain: () => call.json("chain"),
    blocks: (query) => call.json("blocks", { query: { ...query } }),
    block: (heightOrId) => call.json("block", { parameters: { heightOrId } }),
    transaction: (id) => call.json("transaction", { parameters: { id } }),
    pending: () => call.json("pending"),
    ...walletCalls(call),
    mining: () => call.json("mining"),
    setMining: (changes) => call.json("setMining", { json: changes }),

    ...recordCalls(call),
    pageTicket: async () => {
      const ticket = await call.json<{ ticket: string }>("pageTicket");
      if (!ticket.ok) return ticket;
      return { ...ticket, value: { url: options.origin + OPEN_PATH + ticket.value.ticket } };
    },
    events: (eventsOptions) => receiveEvents(call, dependencies, eventsOptions),
  };
}
