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
  ConversationView,
  MiningView,
  PersonView,
  SlipFileView,
  SlipView,
  StatusView,
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

export interface PersonChange {
  readonly petname?: string | null;
  readonly contact?: boolean;
  readonly blocked?: boolean;
}

export interface Client {
  status(): Reply<StatusView>;
  setName(name: string): Reply<StatusView>;
  setAccept(accept: "all" | "contacts" | "ask"): Reply<StatusView>;

  people(): Reply<readonly PersonView[]>;
  person(who: string): Reply<PersonView>;
  updatePerson(who: string, change: PersonChange): Reply<PersonView>;
  connect(address: string): Reply<PersonView>;

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
  mining(): Reply<MiningView>;
  setMining(mode: "on" | "off"): Reply<MiningView>;

  /** A URL that opens the page once, without showing the token. */
  pageTicket(): Reply<{ readonly url: string }>;

  /** Runs until the signal is aborted: connects again by itself and resumes after the last event given. */
  events(options: EventsOptions): AsyncGenerator<ReceivedEvent, void, undefined>;
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
    wallet: () => call.json("wallet"),
    pay: (to, amount, fee) =>
      call.json("pay", { json: fee === undefined ? { to, amount } : { to, amount, fee } }),
    mining: () => call.json("mining"),
    setMining: (mode) => call.json("setMining", { json: { mode } }),

    pageTicket: async () => {
      const ticket = await call.json<{ ticket: string }>("pageTicket");
      if (!ticket.ok) return ticket;
      return { ...ticket, value: { url: options.origin + OPEN_PATH + ticket.value.ticket } };
    },
    events: (eventsOptions) => receiveEvents(call, dependencies, eventsOptions),
  };
}
