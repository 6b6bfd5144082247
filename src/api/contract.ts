/**
 * Owns what each operation takes and gives over HTTP: parameters, query, body with its limits, answer. From it
 * follow the decoding in the server, the types of the handlers, and the OpenAPI document. Holds no behaviour. It is
 * long because there are many operations, and it is read by looking one up.
 */
import { z } from "@hono/zod-openapi";
import {
  DOOR_ENTRIES_MAX,
  INVITE_CHARACTERS_MAX,
  INVITE_HOURS_MAX,
  LIST_LIMIT_DEFAULT,
  LIST_LIMIT_MAX,
  MESSAGE_CHARACTERS_MAX,
  PATH_CHARACTERS_MAX,
  PATHS_MAX,
  WORD_CHARACTERS_MAX,
} from "./limits.ts";
import type { Operation } from "./routes.ts";
import {
  blockSummaryView,
  blockView,
  chainView,
  checkpointsView,
  conversationView,
  doctorView,
  doorsView,
  inviteView,
  miningView,
  nameView,
  ownNameView,
  personView,
  scanView,
  slipFileView,
  slipView,
  statusView,
  trackerView,
  transactionView,
  verdictView,
  walletView,
} from "./views.ts";

type Shape = Readonly<Record<string, z.ZodType>>;

/** `bytes`: read whole, within a limit. `stream`: handed on as it comes. */
export type BodyKind = z.ZodObject | "none" | "bytes" | "stream";
/** `none`: 204. `file`: an attachment. `events`: the event stream. */
export type AnswerKind = z.ZodType | "none" | "file" | "events";

export interface OperationContract {
  readonly summary: string;
  readonly params: z.ZodObject;
  readonly query: z.ZodObject;
  readonly body: BodyKind;
  readonly answer: AnswerKind;
  /** Open without the bearer token, because something else in the request proves the right to it. */
  readonly open?: boolean;
}

/** Text within a limit and without lone surrogates, which no UTF-8 could carry. */
const text = (charactersMax: number) =>
  z
    .string()
    .min(1)
    .max(charactersMax)
    .refine((value) => value.isWellFormed(), "must be well-formed Unicode");
const word = text(WORD_CHARACTERS_MAX);
const path = text(PATH_CHARACTERS_MAX);
const who = word.describe("Peer id, petname, claimed name, or an unambiguous beginning of one.");
const hashBeginning = z.string().regex(/^[0-9a-f]{8,64}$/, "must be 8 to 64 lower-case hex digits");
const hash = z.string().regex(/^[0-9a-f]{64}$/, "must be 64 lower-case hex digits");
const naturalText = (max: number) =>
  z
    .string()
    .regex(/^(0|[1-9][0-9]{0,15})$/, "must be a decimal number")
    .transform(Number)
    .pipe(z.int().max(max))
    .openapi({ type: "integer", minimum: 0, maximum: max });
const before = naturalText(Number.MAX_SAFE_INTEGER).optional();
const limit = naturalText(LIST_LIMIT_MAX)
  .default(LIST_LIMIT_DEFAULT)
  .openapi({ type: "integer", minimum: 0, maximum: LIST_LIMIT_MAX, default: LIST_LIMIT_DEFAULT });

const nothing = z.strictObject({});
const object = <const Fields extends Shape>(fields: Fields) => z.strictObject(fields);
const ofWho = object({ who });
const ofSlip = object({ id: hash.describe("Id of the delivery.") });
const plain = { params: nothing, query: nothing, body: "none" } as const;

export const contract = {
  status: { ...plain, summary: "What this peer is and how it does.", answer: statusView },
  setName: { ...plain, summary: "Changes my name.", body: object({ name: word }), answer: statusView },
  setAccept: {
    ...plain,
    summary: "Whose files are accepted unasked.",
    body: object({ accept: z.enum(["all", "contacts", "ask"]) }),
    answer: statusView,
  },

  people: { ...plain, summary: "Everybody known.", answer: z.array(personView) },
  person: { ...plain, summary: "One person.", params: ofWho, answer: personView },
  updatePerson: {
    ...plain,
    summary: "Names, chooses or blocks a person.",
    params: ofWho,
    body: object({
      petname: word.nullable().optional(),
      contact: z.boolean().optional(),
      blocked: z.boolean().optional(),
      verified: z.boolean().optional().describe("True once the phrase was compared by voice."),
    }),
    answer: personView,
  },
  acceptKey: {
    ...plain,
    summary: "This key stands for the person it looks like: it takes over the name, the old key loses it.",
    params: ofWho,
    answer: personView,
  },
  keepApart: {
    ...plain,
    summary: "This key is somebody else than the person it looks like.",
    params: ofWho,
    answer: personView,
  },
  connect: {
    ...plain,
    summary: "Connects to an address and remembers it.",
    body: object({ address: word.describe("Multiaddr, `host:port`, or `[v6]:port`.") }),
    answer: personView,
  },
  scan: {
    ...plain,
    summary: "Looks for peers at the ports of a computer or a range of them.",
    body: object({
      target: word.describe("IP address, host name or CIDR range."),
      ports: word.optional().describe("As in `28411-28475,4000`; absent: the usual ones."),
    }),
    answer: scanView,
  },

  trackers: { ...plain, summary: "The trackers that this peer uses.", answer: z.array(trackerView) },
  addTracker: {
    ...plain,
    summary: "Uses a tracker from now on.",
    body: object({ address: word.describe("`host[:port]`, a multiaddr, or a URL of its web port.") }),
    answer: z.array(trackerView),
  },
  removeTracker: {
    ...plain,
    summary: "Uses a tracker no longer.",
    query: object({ address: word }),
    answer: z.array(trackerView),
  },

  invites: { ...plain, summary: "Invites of the last weeks, newest first.", answer: z.array(inviteView) },
  createInvite: {
    ...plain,
    summary: "An invite for one person: whoever enters it is a verified contact on both sides.",
    body: object({
      hours: z.int().min(1).max(INVITE_HOURS_MAX).optional().describe("How long it stands; 24 when absent."),
      note: word.optional().describe("For oneself: whom it is for."),
    }),
    answer: inviteView,
  },
  revokeInvite: {
    ...plain,
    summary: "Takes an invite back.",
    params: object({ id: word }),
    answer: inviteView,
  },
  acceptInvite: {
    ...plain,
    summary:
      "Enters an invite that somebody gave. Answers when both sides have verified each other, or why not.",
    body: object({
      text: text(INVITE_CHARACTERS_MAX).describe("The link, or the eight words."),
      address: word.optional().describe("Where the other side is, when nothing else finds it."),
    }),
    answer: personView,
  },

  doctor: { ...plain, summary: "What helps and hinders this peer in reaching others.", answer: doctorView },
  doctorPerson: { ...plain, summary: "Why a person is reached, or not.", params: ofWho, answer: doctorView },
  doors: { ...plain, summary: "Who may connect.", answer: doorsView },
  setDoors: {
    ...plain,
    summary: "Changes who may connect; connections that no longer fit are closed.",
    body: object({
      mode: z.enum(["open", "outbound-only", "no-inbound"]).optional().describe("From the next start on."),
      allow: z.array(word).max(DOOR_ENTRIES_MAX).optional(),
      block: z.array(word).max(DOOR_ENTRIES_MAX).optional(),
    }),
    answer: doorsView,
  },

  conversations: {
    ...plain,
    summary: "People with what was last passed.",
    answer: z.array(conversationView),
  },
  markRead: { ...plain, summary: "Nothing of this person is unread.", params: ofWho, answer: "none" },

  slips: {
    ...plain,
    summary: "Deliveries, newest first.",
    query: object({ who: who.optional(), before, limit, direction: z.enum(["in", "out"]).optional() }),
    answer: z.array(slipView),
  },
  slip: { ...plain, summary: "One delivery.", params: ofSlip, answer: slipView },
  slipFiles: { ...plain, summary: "The files of a delivery.", params: ofSlip, answer: z.array(slipFileView) },
  savedFile: {
    ...plain,
    summary: "One saved file, as an attachment. One byte range may be asked for.",
    params: ofSlip,
    query: object({ path }),
    answer: "file",
  },
  fileTicket: {
    ...plain,
    summary: "A ticket for one download without the token, good once and for a minute.",
    params: ofSlip,
    body: object({ path }),
    answer: object({ ticket: z.string() }),
  },
  download: {
    ...plain,
    summary: "The file a ticket was made for.",
    params: object({ ticket: hash }),
    answer: "file",
    open: true,
  },
  accept: {
    ...plain,
    summary: "Says yes to offered files.",
    params: ofSlip,
    body: object({ folder: path.optional().describe("Absolute path to save under.") }),
    answer: slipView,
  },
  decline: { ...plain, summary: "Says no to offered files.", params: ofSlip, answer: slipView },
  cancel: { ...plain, summary: "Calls a delivery off.", params: ofSlip, answer: slipView },
  receipt: { ...plain, summary: "The `.waybill` file of a delivery.", params: ofSlip, answer: "file" },
  verify: {
    ...plain,
    summary: "Checks a `.waybill` file against my chain.",
    body: "bytes",
    answer: verdictView,
  },

  say: {
    ...plain,
    summary: "Sends a message.",
    body: object({ who, text: text(MESSAGE_CHARACTERS_MAX) }),
    answer: slipView,
  },
  sendPaths: {
    ...plain,
    summary: "Offers files and folders of this computer.",
    body: object({ who, paths: z.array(path).min(1).max(PATHS_MAX) }),
    answer: slipView,
  },
  beginUpload: {
    ...plain,
    summary: "Opens a folder for uploads.",
    answer: object({ uploadId: z.string() }),
  },
  addUploadFile: {
    ...plain,
    summary: "Adds one file to an upload; the body is its content.",
    params: object({ uploadId: word }),
    query: object({ path }),
    body: "stream",
    answer: object({ bytes: z.int().nonnegative() }),
  },
  sendUpload: {
    ...plain,
    summary: "Offers what was uploaded.",
    params: object({ uploadId: word }),
    body: object({ who }),
    answer: slipView,
  },

  chain: { ...plain, summary: "The best chain.", answer: chainView },
  blocks: {
    ...plain,
    summary: "Blocks of the best chain, newest first.",
    query: object({ before, limit }),
    answer: z.array(blockSummaryView),
  },
  block: {
    ...plain,
    summary: "One block with its transactions.",
    params: object({
      heightOrId: z.string().regex(/^(0|[1-9][0-9]{0,14}|[0-9a-f]{64})$/, "must be a height or an id"),
    }),
    answer: blockView,
  },
  transaction: {
    ...plain,
    summary: "One transaction.",
    params: object({ id: hash }),
    answer: transactionView,
  },
  pending: {
    ...plain,
    summary: "Transactions that wait for a block, of many the newest.",
    answer: z.array(transactionView),
  },
  wallet: { ...plain, summary: "My balance and what moved it.", answer: walletView },
  pay: {
    ...plain,
    summary: "Pays somebody.",
    body: object({
      to: word.describe("Whom to pay, as in `say`, or a 64-digit account."),
      amount: z.int().positive(),
      fee: z.int().nonnegative().optional(),
    }),
    answer: transactionView,
  },
  dismissPayment: {
    ...plain,
    summary: "Tells no more of a payment that was not made.",
    params: object({
      id: hashBeginning.describe("Its id, or as much of the beginning as tells it from others."),
    }),
    answer: "none",
  },
  mining: { ...plain, summary: "Whether and how fast this peer mines.", answer: miningView },
  setMining: {
    ...plain,
    summary: "Changes how this peer mines; what is left out stays.",
    body: object({
      mode: z.enum(["on", "off", "always"]).optional(),
      threads: z.int().optional(),
      dutyPercent: z.int().optional(),
      afterCount: z.int().optional(),
      afterSeconds: z.int().optional(),
      onBattery: z.boolean().optional(),
    }),
    answer: miningView,
  },

  prove: {
    ...plain,
    summary: "A file that shows what the ledger holds of an account or a name.",
    params: object({
      kind: z.enum(["account", "name"]),
      of: word.describe("An account as in `pay`, or the name."),
    }),
    answer: "file",
  },
  checkpoints: { ...plain, summary: "Who co-signs blocks, and what is final.", answer: checkpointsView },

  names: { ...plain, summary: "My names, and those on their way.", answer: z.array(ownNameView) },
  name: {
    ...plain,
    summary: "Who holds a name, what it stands for, and the proof.",
    params: object({ name: word }),
    answer: nameView,
  },
  registerName: {
    ...plain,
    summary: "Reserves a name; it is claimed by itself some blocks later.",
    body: object({
      name: word,
      key: word.optional().describe("Whom it stands for, as in `say`; me when left out."),
    }),
    answer: z.array(ownNameView),
  },
  changeName: {
    ...plain,
    summary: "Renews one of my names, points it at another key, or hands it over.",
    params: object({ name: word }),
    body: object({
      renew: z.literal(true).optional(),
      key: word.optional(),
      owner: word.optional(),
    }).refine((change) => Object.keys(change).length === 1, "must have exactly one of renew, key, owner"),
    answer: nameView,
  },
  forgetName: {
    ...plain,
    summary: "Leaves a name that is not mine out of the list.",
    params: object({ name: word }),
    answer: "none",
  },

  events: {
    ...plain,
    summary:
      "The event stream. Resumes after `Last-Event-ID` or `after`; a `reset` says that snapshots must be read again.",
    query: object({ after: z.string().max(WORD_CHARACTERS_MAX).optional() }),
    answer: "events",
  },
  pageTicket: {
    ...plain,
    summary: "An address that opens the page once, within a minute, and does not show the token.",
    answer: object({ ticket: z.string() }),
  },
} as const satisfies Readonly<Record<Operation, OperationContract>>;

export type Contract = typeof contract;
/** Operations whose answer is JSON or nothing: all that need no more than the facade. */
export type ValueOperation = {
  [O in Operation]: Contract[O]["answer"] extends z.ZodType | "none" ? O : never;
}[Operation];

type BodyOf<Kind> = Kind extends z.ZodObject
  ? z.output<Kind>
  : Kind extends "bytes"
    ? Uint8Array
    : Kind extends "stream"
      ? ReadableStream<Uint8Array>
      : undefined;

export interface Input<O extends Operation> {
  readonly params: z.output<Contract[O]["params"]>;
  readonly query: z.output<Contract[O]["query"]>;
  readonly body: BodyOf<Contract[O]["body"]>;
}

type DeepReadonly<Value> = Value extends readonly (infer Item)[] ? readonly Item[] : Value;
export type AnswerOf<O extends ValueOperation> = Contract[O]["answer"] extends z.ZodType
  ? DeepReadonly<z.output<Contract[O]["answer"]>>
  : undefined;
