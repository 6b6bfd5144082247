/**
 * Owns where each operation of a running peer is found: method and path below {@link API_BASE}. Plain data, read by
 * the server's contract and by the client; holds no shapes and no behaviour.
 *
 * Operations bear the names of `node/facade.ts`; those of `HTTP_ONLY` exist only here.
 */

export const API_BASE = "/api/v1";

/** Answer header of every snapshot: the place in the event stream that it holds at least. */
export const EVENT_ID_HEADER = "Waybill-Event-Id";

export interface Route {
  readonly method: "get" | "post" | "put" | "patch" | "delete";
  /** Parameters in braces, as in OpenAPI. */
  readonly path: string;
}

export const routes = {
  status: { method: "get", path: "/status" },
  setName: { method: "put", path: "/name" },
  setAccept: { method: "put", path: "/accept" },

  people: { method: "get", path: "/people" },
  person: { method: "get", path: "/people/{who}" },
  updatePerson: { method: "patch", path: "/people/{who}" },
  connect: { method: "post", path: "/connections" },
  acceptKey: { method: "post", path: "/people/{who}/key" },
  keepApart: { method: "post", path: "/people/{who}/apart" },
  scan: { method: "post", path: "/scans" },

  trackers: { method: "get", path: "/trackers" },
  addTracker: { method: "post", path: "/trackers" },
  removeTracker: { method: "delete", path: "/trackers" },

  invites: { method: "get", path: "/invites" },
  createInvite: { method: "post", path: "/invites" },
  revokeInvite: { method: "delete", path: "/invites/{id}" },
  acceptInvite: { method: "post", path: "/invites/accepted" },

  doctor: { method: "get", path: "/doctor" },
  doctorPerson: { method: "get", path: "/doctor/{who}" },
  doors: { method: "get", path: "/doors" },
  setDoors: { method: "put", path: "/doors" },

  conversations: { method: "get", path: "/conversations" },
  markRead: { method: "post", path: "/conversations/{who}/read" },

  slips: { method: "get", path: "/slips" },
  slip: { method: "get", path: "/slips/{id}" },
  slipFiles: { method: "get", path: "/slips/{id}/files" },
  savedFile: { method: "get", path: "/slips/{id}/files/content" },
  fileTicket: { method: "post", path: "/slips/{id}/files/ticket" },
  download: { method: "get", path: "/downloads/{ticket}" },
  accept: { method: "post", path: "/slips/{id}/accept" },
  decline: { method: "post", path: "/slips/{id}/decline" },
  cancel: { method: "post", path: "/slips/{id}/cancel" },
  receipt: { method: "get", path: "/slips/{id}/receipt" },
  verify: { method: "post", path: "/verify" },

  say: { method: "post", path: "/messages" },
  sendPaths: { method: "post", path: "/transfers" },
  beginUpload: { method: "post", path: "/uploads" },
  addUploadFile: { method: "put", path: "/uploads/{uploadId}/files" },
  sendUpload: { method: "post", path: "/uploads/{uploadId}/send" },

  chain: { method: "get", path: "/chain" },
  blocks: { method: "get", path: "/blocks" },
  block: { method: "get", path: "/blocks/{heightOrId}" },
  transaction: { method: "get", path: "/transactions/{id}" },
  pending: { method: "get", path: "/pending" },
  wallet: { method: "get", path: "/wallet" },
  pay: { method: "post", path: "/payments" },
  dismissPayment: { method: "delete", path: "/wallet/ended/{id}" },
  mining: { method: "get", path: "/mining" },
  setMining: { method: "put", path: "/mining" },

  checkpoints: { method: "get", path: "/checkpoints" },
  prove: { method: "get", path: "/state-proofs/{kind}/{of}" },

  names: { method: "get", path: "/names" },
  name: { method: "get", path: "/names/{name}" },
  registerName: { method: "post", path: "/names" },
  changeName: { method: "patch", path: "/names/{name}" },
  forgetName: { method: "delete", path: "/names/{name}" },

  events: { method: "get", path: "/events" },
  pageTicket: { method: "post", path: "/page/ticket" },
} as const satisfies Readonly<Record<string, Route>>;

export type Operation = keyof typeof routes;

/** What HTTP needs beyond the facade: its stream, and tickets for what a browser opens without a header. */
export const HTTP_ONLY = [
  "events",
  "fileTicket",
  "download",
  "pageTicket",
] as const satisfies readonly Operation[];

/** Where a page ticket is exchanged for the page; outside the API, for people to open. */
export const OPEN_PATH = "/open/";

/** The path of a route with its parameters filled in, below the base path. */
export function pathOf(operation: Operation, parameters: Readonly<Record<string, string>> = {}): string {
  return (
    API_BASE +
    routes[operation].path.replace(/\{(\w+)\}/g, (_, name: string) =>
      encodeURIComponent(parameters[name] ?? ""),
    )
  );
}
