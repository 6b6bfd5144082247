/** Owns what a user can do about deliveries: talk, send, answer offers, read, hand over and check receipts. */
import { stat } from "node:fs/promises";
import { basename, isAbsolute } from "node:path";
import type { SlipView, VerdictView } from "#api/views.ts";
import type { DeliveryId, PeerId } from "#base/brand.ts";
import { fail, ok, type Problem, problem, type Result } from "#base/result.ts";
import type { Messaging } from "#messaging/index.ts";
import type { Transfers } from "#transfer/index.ts";
import type { Facade } from "./facade.ts";
import type { Persons } from "./person-view.ts";
import { hasEnded, slipFileView } from "./slip-view.ts";
import type { Slips } from "./slips.ts";
import type { Uploads } from "./uploads.ts";

interface Parts {
  readonly messaging: Messaging;
  readonly transfers: Transfers;
  readonly slips: Slips;
  readonly persons: Pick<Persons, "resolve">;
  readonly uploads: Uploads;
  /** Whoever the user writes or sends to is somebody the user chose: a contact from then on. */
  readonly keepAsContact: (peer: PeerId) => void;
  readonly waybill: (id: DeliveryId) => Result<Uint8Array, Problem>;
  readonly verify: (waybill: Uint8Array) => VerdictView;
}

const DELIVERY_ID = /^[0-9a-f]{64}$/;
const SHOWN_ID_CHARACTERS = 12;

const UNKNOWN_SLIP = problem(
  "not-found",
  "There is no such delivery here.",
  "See the history command for the ids of deliveries.",
);

type DeliveryFacade = Pick<
  Facade,
  | "conversations"
  | "markRead"
  | "slips"
  | "slip"
  | "slipFiles"
  | "say"
  | "sendPaths"
  | "beginUpload"
  | "addUploadFile"
  | "sendUpload"
  | "accept"
  | "decline"
  | "cancel"
  | "savedFile"
  | "receipt"
  | "verify"
>;

export function deliveryActions(parts: Parts): DeliveryFacade {
  const lookup = slipLookup(parts);
  return {
    ...readingActions(parts, lookup),
    ...sendingActions(parts, lookup),
    ...answeringActions(parts, lookup),
  };
}

interface SlipLookup {
  slipOf(id: string): Result<SlipView, Problem>;
  /** Runs `act` on a delivery and answers with what became of its slip. */
  onSlip(
    id: string,
    act: (id: DeliveryId) => Promise<Result<unknown, Problem>>,
  ): Promise<Result<SlipView, Problem>>;
}

function slipLookup({ slips }: Parts): SlipLookup {
  const slipOf = (id: string): Result<SlipView, Problem> => {
    const slip = DELIVERY_ID.test(id) ? slips.get(id as DeliveryId) : null;
    return slip === null ? fail(UNKNOWN_SLIP) : ok(slip);
  };
  return {
    slipOf,
    async onSlip(id, act) {
      const slip = slipOf(id);
      if (!slip.ok) return slip;
      const done = await act(slip.value.id);
      return done.ok ? slipOf(id) : done;
    },
  };
}

function readingActions(
  { persons, slips, transfers }: Parts,
  { slipOf }: SlipLookup,
): Pick<DeliveryFacade, "conversations" | "markRead" | "slips" | "slip" | "slipFiles"> {
  return {
    conversations: async () => slips.conversations(),
    async markRead(who) {
      const peer = persons.resolve(who);
      if (!peer.ok) return peer;
      slips.markRead(peer.value);
      return ok();
    },
    async slips({ who, ...query }) {
      if (who === undefined) return ok(slips.history(query));
      const peer = persons.resolve(who);
      return peer.ok ? ok(slips.history({ ...query, peer: peer.value })) : peer;
    },
    slip: async (id) => slipOf(id),
    async slipFiles(id) {
      const files = DELIVERY_ID.test(id) ? transfers.files(id as DeliveryId) : null;
      return files === null ? fail(UNKNOWN_SLIP) : ok(files.map(slipFileView));
    },
  };
}

function sendingActions(
  parts: Parts,
  { slipOf }: SlipLookup,
): Pick<DeliveryFacade, "say" | "sendPaths" | "beginUpload" | "addUploadFile" | "sendUpload"> {
  const { messaging, persons, transfers, uploads } = parts;

  async function sendTo(who: string, paths: readonly string[]): Promise<Result<SlipView, Problem>> {
    const peer = persons.resolve(who);
    if (!peer.ok) return peer;
    const sent = await transfers.send(peer.value, paths);
    if (!sent.ok) return sent;
    parts.keepAsContact(peer.value);
    return slipOf(sent.value.deliveryId);
  }

  return {
    async say(who, text) {
      const peer = persons.resolve(who);
      if (!peer.ok) return peer;
      const said = await messaging.say(peer.value, text);
      if (!said.ok) return said;
      parts.keepAsContact(peer.value);
      return slipOf(said.value.deliveryId);
    },
    async sendPaths(who, paths) {
      const relative = paths.find((path) => !isAbsolute(path));
      return relative === undefined ? sendTo(who, paths) : fail(notAbsolute(relative));
    },
    beginUpload: () => uploads.begin(),
    addUploadFile: (uploadId, path, body) => uploads.add(uploadId, path, body),
    async sendUpload(who, uploadId) {
      const peer = persons.resolve(who);
      if (!peer.ok) return peer;
      const upload = await uploads.take(uploadId);
      if (!upload.ok) return upload;
      const sent = await sendTo(who, upload.value.paths);
      if (!sent.ok) {
        await uploads.drop(uploadId);
        return sent;
      }
      await uploads.bind(uploadId, sent.value.id);
      // A small file may have arrived before the upload was bound to it.
      const transfer = transfers.get(sent.value.id);
      if (transfer !== null && hasEnded(transfer)) await uploads.release(sent.value.id);
      return sent;
    },
  };
}

function answeringActions(
  parts: Parts,
  { onSlip, slipOf }: SlipLookup,
): Pick<DeliveryFacade, "accept" | "decline" | "cancel" | "savedFile" | "receipt" | "verify"> {
  const { transfers } = parts;
  return {
    async accept(id, folder) {
      if (folder !== undefined && !isAbsolute(folder)) return fail(notAbsolute(folder));
      return onSlip(id, (delivery) => transfers.accept(delivery, folder));
    },
    decline: (id) => onSlip(id, (delivery) => transfers.decline(delivery)),
    cancel: (id) => onSlip(id, (delivery) => transfers.cancel(delivery)),
    async savedFile(id, path) {
      const files = DELIVERY_ID.test(id) ? transfers.files(id as DeliveryId) : null;
      const savedTo = files?.find((file) => file.path === path)?.savedTo ?? null;
      if (savedTo === null) return fail(UNKNOWN_SLIP);
      const size = await stat(savedTo).then(
        (found) => found.size,
        () => null,
      );
      return size === null
        ? fail(movedAway(savedTo))
        : ok({ path: savedTo, name: basename(savedTo), bytes: size });
    },
    async receipt(id) {
      const slip = slipOf(id);
      if (!slip.ok) return slip;
      const bytes = parts.waybill(slip.value.id);
      if (!bytes.ok) return bytes;
      return ok({ fileName: `${slip.value.id.slice(0, SHOWN_ID_CHARACTERS)}.waybill`, bytes: bytes.value });
    },
    verify: async (waybill) => parts.verify(waybill),
  };
}

function notAbsolute(path: string): Problem {
  return problem(
    "path-not-absolute",
    `"${path.slice(0, 200)}" does not say in which folder it lies.`,
    "Give the whole path; the command line does so by itself.",
  );
}

function movedAway(path: string): Problem {
  return problem(
    "file-moved",
    `${path} is not there any more.`,
    "It was moved or deleted on this computer after it was received; the receipt still stands.",
  );
}
