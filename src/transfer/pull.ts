/**
 * One session of fetching: asks for the missing pieces, verifies each, hands it to the disk, and reads back behind
 * the writing. Owns one stream; going on over another path is another session.
 */
import type { DeliveryId, PeerId } from "#base/brand.ts";
import type { Problem } from "#base/result.ts";
import type { Clock, Timer } from "#ports/clock.ts";
import type { FrameStream, Network } from "#ports/network.ts";
import type { WireReason } from "./codec.ts";
import type { Verdict } from "./errand.ts";
import { openStream, readFrame, sendFrame } from "./exchange.ts";
import { LEAVE_TIMEOUT_MS, PIECE_TIMEOUT_MS, PIECES_PER_CHECK_MAX, PIECES_WRITING_MAX } from "./limits.ts";
import { type PartialContent, pieceFits } from "./partial-content.ts";
import { BAD_ANSWER, wireProblem } from "./problems.ts";

export type PullOutcome =
  /** Every piece is written and journaled. */
  | { readonly is: "complete" }
  /** Left on request; what has come is written and journaled. */
  | { readonly is: "left" }
  /** The stream ended before all was there. Never taken for the end of the content, however orderly it looks. */
  | { readonly is: "broken"; readonly reason: Problem }
  /** The sender cannot give the rest, ever. */
  | { readonly is: "stopped"; readonly reason: Problem }
  | Extract<Verdict, { readonly is: "wait" }>;

/** Reasons after which asking again may help: the first ends by a notice of its own, the others with time. */
const TEMPORARY: readonly WireReason[] = ["delivery-ended", "busy", "no-space", "storage"];

export interface PullDependencies {
  readonly network: Pick<Network, "open" | "judge">;
  readonly clock: Clock;
  /** Told of the bytes that are verified and written. */
  readonly onMoved: (bytes: number) => void;
}

export class Pull {
  readonly #id: DeliveryId;
  readonly #peer: PeerId;
  readonly #content: PartialContent;
  readonly #network: Pick<Network, "open" | "judge">;
  readonly #clock: Clock;
  readonly #onMoved: (bytes: number) => void;
  #stream: FrameStream | null = null;
  #stopped = false;
  #leaving: Timer | null = null;
  #checking: Promise<void> | null = null;
  /** Reading back found something wrong, or failed; the caller checks again and sees. */
  #doubtful = false;

  constructor(
    id: DeliveryId,
    peer: PeerId,
    content: PartialContent,
    { network, clock, onMoved }: PullDependencies,
  ) {
    this.#id = id;
    this.#peer = peer;
    this.#content = content;
    this.#network = network;
    this.#clock = clock;
    this.#onMoved = onMoved;
  }

  /** Ends the session after the piece under way, because there is a better path; when that takes long, without it. */
  leave(): void {
    // A stream that is being opened takes the better path already.
    if (this.#stream === null || this.#leaving !== null) return;
    const stream = this.#stream;
    this.#leaving = this.#clock.after(LEAVE_TIMEOUT_MS, () => stream.reset("a better path stands"));
  }

  stop(cause: string): void {
    this.#stopped = true;
    this.#stream?.reset(cause);
  }

  /**
   * @param onBegin called when the first piece is there.
   * @throws what the disk throws; all writing and reading has ended by then.
   */
  async run(onBegin: () => void): Promise<PullOutcome> {
    const opened = await openStream(this.#network, this.#peer);
    if (!opened.ok) return opened.fault;
    const stream = opened.value;
    this.#stream = stream;
    if (this.#stopped) stream.reset("stopped");
    const writing: Promise<void>[] = [];
    try {
      const received = await this.#receiveAll(stream, writing, onBegin);
      const outcome: PullOutcome =
        received.is === "broken" && this.#leaving !== null ? { is: "left" } : received;
      await Promise.all(writing);
      if (outcome.is === "complete") await stream.close();
      else stream.reset("fetching ended");
      return outcome;
    } catch (error) {
      stream.reset("the disk failed");
      throw error;
    } finally {
      this.#leaving?.cancel();
      this.#stream = null;
      await Promise.allSettled(writing);
      await this.#checking;
    }
  }

  async #receiveAll(
    stream: FrameStream,
    writing: Promise<void>[],
    onBegin: () => void,
  ): Promise<PullOutcome> {
    const { layout } = this.#content;
    const from = this.#content.pieces;
    const asked = await sendFrame(stream, { type: "pull", deliveryId: this.#id, from });
    if (!asked.ok) return { is: "broken", reason: asked.fault };
    for (let piece = from; piece < layout.pieceCount; piece++) {
      if (this.#leaving !== null) return { is: "left" };
      const frame = await readFrame(stream, PIECE_TIMEOUT_MS);
      if (!frame.ok) {
        return { is: frame.fault === BAD_ANSWER ? "wait" : "broken", reason: frame.fault };
      }
      if (frame.value.type === "stopped") return stoppedFor(frame.value.reason);
      if (frame.value.type !== "piece" || frame.value.index !== piece) return this.#offence();
      const { digest, bytes } = frame.value;
      if (!pieceFits(layout, piece, digest, bytes)) return this.#offence();
      if (piece === from) onBegin();
      const written = this.#content.write(piece, digest, bytes).then(() => {
        this.#onMoved(layout.bytesBefore(piece + 1));
      });
      written.catch(() => undefined);
      writing.push(written);
      if (writing.length >= PIECES_WRITING_MAX) await writing.shift();
      this.#checkBehind();
      // The rest would be written behind something that has to be fetched again.
      if (this.#doubtful) return { is: "complete" };
    }
    return { is: "complete" };
  }

  /** Reads back what was written, while the next pieces come. */
  #checkBehind(): void {
    const due = this.#content.pieces - this.#content.checkedPieces >= PIECES_PER_CHECK_MAX;
    if (this.#checking !== null || !due) return;
    this.#checking = this.#content
      .check()
      .then(
        (found) => {
          if (found.is !== "good") this.#doubtful = true;
        },
        // The disk does not even read: the check after the session meets the same and says so.
        () => {
          this.#doubtful = true;
        },
      )
      .finally(() => {
        this.#checking = null;
      });
  }

  #offence(): PullOutcome {
    this.#network.judge(this.#peer, "reject");
    return { is: "wait", reason: BAD_ANSWER };
  }
}

function stoppedFor(reason: WireReason): PullOutcome {
  const why = wireProblem(reason);
  return TEMPORARY.includes(reason) ? { is: "wait", reason: why } : { is: "stopped", reason: why };
}
