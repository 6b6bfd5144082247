/**
 * The shell of invites: joins the book, both sides of the protocol and the meeting points at trackers. Decides nothing
 * about who is taken; that is `inviter.ts` and `join.ts`.
 */
import type { PeerId } from "#base/brand.ts";
import { toHex } from "#base/bytes.ts";
import { fail, ok, type Problem, type Result } from "#base/result.ts";
import type { Keypair } from "#crypto/ed25519.ts";
import { spell } from "#crypto/words.ts";
import type { Clock, Timer } from "#ports/clock.ts";
import type { Log } from "#ports/log.ts";
import type { FrameStream, Network } from "#ports/network.ts";
import type { Random } from "#ports/random.ts";
import { parseEntered } from "./entered.ts";
import { Guesses } from "./guesses.ts";
import { InviteBook } from "./invite-book.ts";
import { Inviter } from "./inviter.ts";
import { type Entered, Join } from "./join.ts";
import {
  FRAME_BYTES_MAX,
  JOINS_MAX,
  LINK_ADDRESSES_MAX,
  LINK_TRACKERS_MAX,
  MEET_AGAIN_MS_MAX,
  PROTOCOL,
  STREAMS_PER_PEER_MAX,
} from "./limits.ts";
import { encodeLink, fitsLink } from "./link.ts";
import { CLOSING, OWN_INVITE, STORAGE_FAILED, TOO_MANY_JOINS } from "./problems.ts";
import { meetingPointOf } from "./secret.ts";
import type { InviteStore, StoredInvite } from "./store.ts";
import type { Invite, InviteReach, Invites, KeepVerified } from "./types.ts";

export interface InviteOptions {
  readonly keypair: Keypair;
}

export interface InviteDependencies {
  readonly network: Pick<Network, "self" | "open" | "judge" | "connected" | "subscribe" | "handle">;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly store: InviteStore;
  readonly reach: InviteReach;
  readonly keepVerified: KeepVerified;
}

/** Registers the protocol, and waits at the meeting points of what stands. */
export function openInvites({ keypair }: InviteOptions, dependencies: InviteDependencies): Invites {
  return new InviteShell(keypair.peerId, dependencies);
}

class InviteShell implements Invites {
  readonly #self: PeerId;
  readonly #deps: InviteDependencies;
  readonly #book: InviteBook;
  readonly #joins = new Map<
    string,
    { readonly join: Join; readonly outcome: Promise<Result<PeerId, Problem>> }
  >();
  readonly #serving = new Map<FrameStream, Promise<void>>();
  readonly #unregister: () => void;
  #look: Timer | null = null;
  #closed = false;

  constructor(self: PeerId, dependencies: InviteDependencies) {
    this.#self = self;
    this.#deps = dependencies;
    this.#book = new InviteBook(dependencies);
    const inviter = new Inviter({
      ...dependencies,
      self,
      book: this.#book,
      guesses: new Guesses(dependencies.clock),
      onChange: () => this.#meet(),
    });
    const options = { frameBytesMax: FRAME_BYTES_MAX, streamsPerPeerMax: STREAMS_PER_PEER_MAX };
    this.#unregister = dependencies.network.handle(PROTOCOL, options, (stream) =>
      this.#serve(stream, inviter),
    );
    this.#meet();
  }

  create(options: { readonly hours?: number; readonly note?: string }): Result<Invite, Problem> {
    return this.#stored(() => this.#book.create(options));
  }

  list(): readonly Invite[] {
    return this.#book.list().map((invite) => this.#view(invite));
  }

  revoke(id: string): Result<Invite, Problem> {
    return this.#stored(() => this.#book.revoke(id));
  }

  async accept(text: string, address?: string): Promise<Result<PeerId, Problem>> {
    if (this.#closed) return fail(CLOSING);
    const parsed = parseEntered(text);
    if (!parsed.ok) return parsed;
    const entered = { ...parsed.value, at: address ?? null };
    const id = toHex(meetingPointOf(entered.secret));
    if (entered.inviter === this.#self || this.#book.get(id) !== null) return fail(OWN_INVITE);
    // The page and a command may enter the same invite at one time: one of them asks.
    const key = `${id} ${entered.at ?? ""}`;
    const running = this.#joins.get(key);
    if (running !== undefined) return running.outcome;
    if (this.#joins.size >= JOINS_MAX) return fail(TOO_MANY_JOINS);
    const join = new Join(entered, this.#deps);
    const outcome = this.#join(join, entered).finally(() => this.#joins.delete(key));
    this.#joins.set(key, { join, outcome });
    return outcome;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#unregister();
    this.#look?.cancel();
    for (const stream of this.#serving.keys()) stream.reset("closing");
    for (const { join } of this.#joins.values()) join.stop();
    await Promise.allSettled([
      ...this.#serving.values(),
      ...[...this.#joins.values()].map(({ outcome }) => outcome),
    ]);
  }

  async #join(join: Join, entered: Entered): Promise<Result<PeerId, Problem>> {
    const found = await join.run();
    if (!found.ok) return found;
    try {
      const kept = this.#deps.keepVerified(found.value, (write) => write());
      return kept.ok ? found : kept;
    } catch (error) {
      this.#deps.log.fault("the maker of an invite could not be stored", error, {
        isLink: entered.inviter !== null,
      });
      return fail(STORAGE_FAILED);
    }
  }

  async #serve(stream: FrameStream, inviter: Inviter): Promise<void> {
    if (this.#closed) return stream.reset("closing");
    const served = inviter.serve(stream);
    this.#serving.set(stream, served);
    try {
      await served;
    } finally {
      this.#serving.delete(stream);
    }
  }

  #stored(change: () => Result<StoredInvite, Problem>): Result<Invite, Problem> {
    try {
      const changed = change();
      if (!changed.ok) return changed;
      this.#meet();
      return ok(this.#view(changed.value));
    } catch (error) {
      this.#deps.log.fault("an invite could not be stored", error);
      return fail(STORAGE_FAILED);
    }
  }

  /** Waits where guests of these invites look, and looks again when the next one ends. */
  #meet(): void {
    if (this.#closed) return;
    const { clock, reach } = this.#deps;
    reach.setRendezvous(this.#book.meetingPoints());
    this.#look?.cancel();
    const nextMs = this.#book.nextChangeMs();
    if (nextMs === null) return;
    const delayMs = Math.min(Math.max(nextMs - clock.nowMs(), 0) + 1, MEET_AGAIN_MS_MAX);
    this.#look = clock.after(delayMs, () => this.#meet());
  }

  #view(invite: StoredInvite): Invite {
    const { id, note, createdMs, expiresMs, usedBy, failedGuesses, secret } = invite;
    const state = this.#book.stateOf(invite);
    const isOpen = state === "open";
    return {
      ...{ id, state, note, createdMs, expiresMs, usedBy, failedGuesses },
      link: isOpen ? this.#linkOf(secret) : null,
      words: isOpen ? spell(secret) : null,
    };
  }

  #linkOf(secret: Uint8Array): string {
    const { reach } = this.#deps;
    const suffix = `/p2p/${this.#self}`;
    const addresses = reach
      .addresses()
      .map((address) => (address.endsWith(suffix) ? address.slice(0, -suffix.length) : address))
      .filter(fitsLink)
      .slice(0, LINK_ADDRESSES_MAX);
    const trackers = reach.trackers().filter(fitsLink).slice(0, LINK_TRACKERS_MAX);
    return encodeLink({ secret, inviter: this.#self, addresses, trackers });
  }
}
