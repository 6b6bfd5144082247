/**
 * Owns a pause in WebRTC's handshake, without which it fails on paths that have no delay. The side that called hears the
 * other's first packets before it has read whose certificate to expect, when the other was quicker to try its addresses
 * than the relay was to bring the answer; the native part then takes the right certificate for a wrong one.
 */
import type { Clock } from "#ports/clock.ts";
import { PUNCH_PAUSE_MS } from "../limits.ts";

/** What a connection under way is told of the other side's addresses; called once for each of them, in order. */
export interface CandidateTaker<Candidate> {
  addIceCandidate(candidate: Candidate): Promise<void>;
}

/** Makes every connection of this kind wait before it takes the first address of the other side. */
export function pauseBeforeFirstCandidate<Candidate>(kind: CandidateTaker<Candidate>, clock: Clock): void {
  const add = kind.addIceCandidate;
  const begun = new WeakSet<object>();
  kind.addIceCandidate = async function (this: CandidateTaker<Candidate>, candidate: Candidate) {
    if (!begun.has(this)) {
      begun.add(this);
      await new Promise<void>((go) => clock.after(PUNCH_PAUSE_MS, go));
    }
    await add.call(this, candidate);
  };
}
