/**
 * The inviter's side of `/waybill/invite/1`: answers who asks for an invite of ours. Nothing is answered before it is
 * stored, and our proof is shown only to whoever has shown theirs.
 */
import type { PeerId } from "#base/brand.ts";
import { toHex } from "#base/bytes.ts";
import type { Log } from "#ports/log.ts";
import type { FrameStream, Network } from "#ports/network.ts";
import { decodeFrame, encodeFrame, type InviteFrame, type InviteRefusal } from "./codec.ts";
import type { Guesses } from "./guesses.ts";
import type { InviteBook } from "./invite-book.ts";
import { ANSWER_TIMEOUT_MS } from "./limits.ts";
import { isProof, proofOf } from "./secret.ts";
import type { StoredInvite } from "./store.ts";
import type { KeepVerified } from "./types.ts";

export interface InviterDependencies {
  readonly self: PeerId;
  readonly network: Pick<Network, "judge">;
  readonly log: Log;
  readonly book: InviteBook;
  readonly guesses: Guesses;
  readonly keepVerified: KeepVerified;
  /** An invite has ended. */
  readonly onChange: () => void;
}

export class Inviter {
  readonly #deps: InviterDependencies;

  constructor(dependencies: InviterDependencies) {
    this.#deps = dependencies;
  }

  async serve(stream: FrameStream): Promise<void> {
    const asked = await this.#receive(stream);
    if (asked === null) return;
    if (asked.type !== "ask") return this.#malformed(stream);
    const invite = this.#asked(stream.peer, toHex(asked.meetingPoint));
    if (typeof invite === "string") return void (await send(stream, { type: "refused", refusal: invite }));
    if (!(await send(stream, { type: "here" }))) return;
    const proved = await this.#receive(stream);
    if (proved === null) return;
    if (proved.type !== "prove") return this.#malformed(stream);
    await send(stream, this.#judge(stream.peer, invite, proved.proof));
  }

  /** What became of an invite is told to nobody who has not proved to hold it: only that it is known here. */
  #asked(peer: PeerId, id: string): StoredInvite | InviteRefusal {
    const { book, guesses } = this.#deps;
    const invite = book.get(id);
    if (invite !== null) return guesses.mayTry(peer) ? invite : "busy";
    const open = book.open();
    // Where nothing stands open there is nothing to guess.
    if (open.length > 0 && guesses.strayed(peer, id)) this.#guessed(open.map((each) => each.id));
    return "unknown";
  }

  #judge(guest: PeerId, asked: StoredInvite, proof: Uint8Array): InviteFrame {
    const { self, book, guesses, keepVerified, log, onChange } = this.#deps;
    const peers = { inviter: self, guest };
    const refused = (refusal: InviteRefusal): InviteFrame => ({ type: "refused", refusal });
    if (!isProof(proof, proofOf(asked.secret, "guest", peers))) {
      guesses.failed(guest);
      this.#guessed([asked.id]);
      return refused("wrong-proof");
    }
    const ours = proofOf(asked.secret, "inviter", peers);
    const welcome: InviteFrame = { type: "welcome", proof: ours };
    // Read again: another guest may have used it since it was asked for.
    const invite = book.get(asked.id);
    if (invite === null) return refused("unknown");
    const state = book.stateOf(invite);
    // The answer may have been lost on the way, or the guest's process ended: the same guest gets it again.
    if (state === "used" && invite.usedBy === guest) return welcome;
    if (state !== "open") return { type: "over", end: state, proof: ours };
    try {
      const kept = keepVerified(guest, (write) => book.use(invite, guest, write));
      if (!kept.ok) {
        log.warn("a guest could not be kept as a contact", { code: kept.fault.code });
        return refused("storage");
      }
    } catch (error) {
      log.fault("a used invite could not be stored", error);
      return refused("storage");
    }
    onChange();
    return welcome;
  }

  #guessed(ids: readonly string[]): void {
    try {
      this.#deps.book.guessed(ids);
    } catch (error) {
      this.#deps.log.fault("a failed guess could not be stored", error);
    }
  }

  /** Null when the stream is of no more use. */
  async #receive(stream: FrameStream): Promise<InviteFrame | null> {
    const received = await stream.receive({ timeoutMs: ANSWER_TIMEOUT_MS });
    if (!received.ok || received.value === null) return null;
    const frame = decodeFrame(received.value);
    if (frame.ok) return frame.value;
    this.#malformed(stream);
    return null;
  }

  #malformed(stream: FrameStream): void {
    this.#deps.network.judge(stream.peer, "reject");
    stream.reset("malformed frame");
  }
}

async function send(stream: FrameStream, frame: InviteFrame): Promise<boolean> {
  return (await stream.send(encodeFrame(frame))).ok;
}
