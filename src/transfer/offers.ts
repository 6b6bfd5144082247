/**
 * Takes offers: checks what was signed, reads the manifest, asks the policy once, stores the outcome. Owns nothing
 * beyond the answer; fetching is `incoming.ts`.
 */
import type { AccountId, PeerId } from "#base/brand.ts";
import { equalBytes } from "#base/bytes.ts";
import { accountOfPeer } from "#crypto/peer-id.ts";
import type { Clock } from "#ports/clock.ts";
import type { Log } from "#ports/log.ts";
import type { FrameStream, Network } from "#ports/network.ts";
import {
  type Dispatch,
  decodeManifest,
  encodeDispatch,
  type Manifest,
  manifestBytes,
  manifestDigest,
  verifyDispatch,
} from "#receipts/index.ts";
import type { OfferAnswer, WireReason } from "./codec.ts";
import type { Desk } from "./desk.ts";
import { readFrame, sendFrame, wireReason } from "./exchange.ts";
import { ASKING_PER_PEER_MAX } from "./limits.ts";
import { DECLINED_BY_YOU } from "./problems.ts";
import { localPaths } from "./safe-name.ts";
import type { StoredTransfer, TransferStore } from "./store.ts";
import { titleOf } from "./title.ts";
import type { ManifestSummary, OfferDecision } from "./types.ts";

export interface OfferDependencies {
  readonly network: Pick<Network, "judge">;
  readonly clock: Clock;
  readonly log: Log;
  readonly store: TransferStore;
  readonly desk: Desk;
  readonly self: AccountId;
  readonly decide: (peer: PeerId, offer: ManifestSummary) => OfferDecision;
}

export class Offers {
  readonly #deps: OfferDependencies;
  /** Peers whose manifest is being read: one at a time, because each is held in memory whole. */
  readonly #reading = new Set<PeerId>();

  constructor(dependencies: OfferDependencies) {
    this.#deps = dependencies;
  }

  /** @returns the record that now needs work, or `null`. */
  async take(stream: FrameStream, dispatch: Dispatch, size: number): Promise<StoredTransfer | null> {
    const { peer } = stream;
    const refuse = async (reason: WireReason, offence: boolean): Promise<null> => {
      if (offence) this.#deps.network.judge(peer, "reject");
      await answerWith(stream, { is: "failed", reason });
      return null;
    };
    const { body } = dispatch;
    const ours = body.sender === accountOfPeer(peer) && body.receiver === this.#deps.self;
    if (body.kind !== "files" || !ours) return refuse("offer-invalid", true);
    const known = this.#deps.store.get(body.deliveryId);
    if (known !== null) return this.#again(stream, known, dispatch);
    if (!verifyDispatch(dispatch)) return refuse("offer-invalid", true);
    if (this.#reading.has(peer) || this.#asking(peer) >= ASKING_PER_PEER_MAX) return refuse("busy", false);
    this.#reading.add(peer);
    try {
      await answerWith(stream, { is: "send-manifest" });
      const bytes = await readManifestBytes(stream, size);
      if (bytes === null) return refuse("offer-invalid", false);
      const manifest = decodeManifest(bytes);
      if (!manifest.ok || !fits(dispatch, manifest.value)) return refuse("offer-invalid", true);
      if (localPaths(manifest.value.entries.map(({ path }) => path)) === null) {
        return refuse("names-unusable", false);
      }
      return await this.#keep(stream, dispatch, manifest.value, bytes);
    } catch (error) {
      this.#deps.log.fault("an offer could not be stored", error);
      return await refuse("storage", false);
    } finally {
      this.#reading.delete(peer);
    }
  }

  /** Asks the policy, stores what it says, and only then answers. */
  async #keep(
    stream: FrameStream,
    dispatch: Dispatch,
    manifest: Manifest,
    bytes: Uint8Array,
  ): Promise<StoredTransfer> {
    const { peer } = stream;
    const summary: ManifestSummary = {
      title: titleOf(manifest),
      fileCount: manifest.entries.length,
      bytes: dispatch.body.bytes,
    };
    const decision = this.#deps.decide(peer, summary);
    const stored = this.#deps.desk.add(
      {
        ...summary,
        deliveryId: dispatch.body.deliveryId,
        peer,
        direction: "in",
        phase: decision === "accept" ? "fetching" : decision === "ask" ? "asking" : "declined",
        createdMs: this.#deps.clock.nowMs(),
        dispatch,
        completion: null,
        reason: decision === "refuse" ? DECLINED_BY_YOU : null,
        notice: null,
        resumedFromBytes: 0,
        folder: null,
        placements: [],
      },
      bytes,
    );
    await answerWith(stream, answerOf(stored));
    return stored;
  }

  async #again(
    stream: FrameStream,
    known: StoredTransfer,
    dispatch: Dispatch,
  ): Promise<StoredTransfer | null> {
    const same =
      known.direction === "in" &&
      known.peer === stream.peer &&
      equalBytes(encodeDispatch(known.dispatch), encodeDispatch(dispatch));
    await answerWith(stream, same ? answerOf(known) : { is: "failed", reason: "offer-invalid" });
    return same ? known : null;
  }

  #asking(peer: PeerId): number {
    return this.#deps.store.unfinished().filter((one) => one.peer === peer && one.phase === "asking").length;
  }
}

async function answerWith(stream: FrameStream, answer: OfferAnswer): Promise<void> {
  await sendFrame(stream, { type: "offer-answer", answer });
}

/** `null` when something else came, too much of it, or nothing. */
async function readManifestBytes(stream: FrameStream, size: number): Promise<Uint8Array | null> {
  const bytes = new Uint8Array(size);
  let at = 0;
  while (at < size) {
    const frame = await readFrame(stream);
    if (!frame.ok || frame.value.type !== "manifest-part") return null;
    const part = frame.value.bytes;
    // A part without content would let a stranger keep the stream open for ever.
    if (part.length === 0 || at + part.length > size) return null;
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

function fits({ body }: Dispatch, manifest: Manifest): boolean {
  return (
    body.fileCount === manifest.entries.length &&
    body.bytes === manifestBytes(manifest) &&
    equalBytes(body.contentDigest, manifestDigest(manifest))
  );
}

/** What the stored phase means as an answer. */
function answerOf(record: StoredTransfer): OfferAnswer {
  switch (record.phase) {
    case "asking":
      return { is: "held" };
    case "receipted":
      return record.completion === null
        ? { is: "failed", reason: "storage" }
        : { is: "completed", completion: record.completion };
    case "declined":
    case "cancelled":
      return { is: record.phase };
    case "failed":
      return { is: "failed", reason: wireReason(record.reason) };
    default:
      return { is: "accepted" };
  }
}
