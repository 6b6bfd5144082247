/**
 * Owns the invites that this peer made: what stands, what ended and how, and the meeting points that follow. Every change
 * is stored before it shows. Speaks to nobody.
 */
import type { PeerId } from "#base/brand.ts";
import { fromHex, toHex } from "#base/bytes.ts";
import { fail, ok, type Problem, type Result } from "#base/result.ts";
import type { Clock } from "#ports/clock.ts";
import type { Random } from "#ports/random.ts";
import {
  ENDED_KEPT_MS,
  ENDED_MET_MS,
  INVITE_HOURS_DEFAULT,
  INVITE_HOURS_MAX,
  INVITES_KEPT_MAX,
  NOTE_CHARACTERS_MAX,
  OPEN_INVITES_MAX,
  RENDEZVOUS_MAX,
} from "./limits.ts";
import { HOURS_REFUSED, NOT_OPEN, NOTE_REFUSED, TOO_MANY_OPEN, UNKNOWN_INVITE } from "./problems.ts";
import { meetingPointOf, SECRET_BYTES } from "./secret.ts";
import type { InviteStore, StoredInvite } from "./store.ts";
import type { InviteState } from "./types.ts";

const HOUR_MS = 3_600_000;
const ONE_LINE = /^[^\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]+$/u;

export interface InviteBookDependencies {
  readonly store: InviteStore;
  readonly clock: Clock;
  readonly random: Random;
}

export class InviteBook {
  readonly #deps: InviteBookDependencies;
  readonly #invites: Map<string, StoredInvite>;

  constructor(dependencies: InviteBookDependencies) {
    this.#deps = dependencies;
    this.#invites = new Map(dependencies.store.list().map((invite) => [invite.id, invite]));
    this.#prune();
  }

  /** Newest first. */
  list(): readonly StoredInvite[] {
    return [...this.#invites.values()].reverse();
  }

  get(id: string): StoredInvite | null {
    return this.#invites.get(id) ?? null;
  }

  stateOf(invite: StoredInvite): InviteState {
    if (invite.ended !== null) return invite.ended.how;
    return this.#deps.clock.nowMs() < invite.expiresMs ? "open" : "expired";
  }

  open(): readonly StoredInvite[] {
    return this.list().filter((invite) => this.stateOf(invite) === "open");
  }

  create(options: { readonly hours?: number; readonly note?: string }): Result<StoredInvite, Problem> {
    const { clock, random } = this.#deps;
    const { hours = INVITE_HOURS_DEFAULT } = options;
    if (!Number.isInteger(hours) || hours < 1 || hours > INVITE_HOURS_MAX) return fail(HOURS_REFUSED);
    const note = options.note?.trim() || null;
    if (note !== null && (note.length > NOTE_CHARACTERS_MAX || !ONE_LINE.test(note)))
      return fail(NOTE_REFUSED);
    if (this.open().length >= OPEN_INVITES_MAX) return fail(TOO_MANY_OPEN);
    const secret = random.bytes(SECRET_BYTES);
    const createdMs = clock.nowMs();
    const invite: StoredInvite = {
      id: toHex(meetingPointOf(secret)),
      secret,
      note,
      createdMs,
      expiresMs: createdMs + hours * HOUR_MS,
      ended: null,
      usedBy: null,
      failedGuesses: 0,
    };
    this.#put(invite);
    this.#prune();
    return ok(invite);
  }

  /** @param beginning of an id that only one invite has. */
  revoke(beginning: string): Result<StoredInvite, Problem> {
    const found = beginning === "" ? [] : this.list().filter(({ id }) => id.startsWith(beginning));
    const [invite] = found;
    if (invite === undefined || found.length > 1) return fail(UNKNOWN_INVITE);
    if (this.stateOf(invite) !== "open") return fail(NOT_OPEN);
    return ok(this.#put({ ...invite, ended: { how: "revoked", atMs: this.#deps.clock.nowMs() } }));
  }

  /** @param alongside writes what belongs to it in the same transaction. */
  use(invite: StoredInvite, guest: PeerId, alongside: () => void): void {
    const ended = { how: "used", atMs: this.#deps.clock.nowMs() } as const;
    this.#put({ ...invite, ended, usedBy: guest }, alongside);
  }

  /** Counts a failed guess on each: one commit, however many stand open. */
  guessed(ids: readonly string[]): void {
    const guessed = ids
      .flatMap((id) => this.get(id) ?? [])
      .map((invite) => ({ ...invite, failedGuesses: invite.failedGuesses + 1 }));
    if (guessed.length === 0) return;
    this.#deps.store.putTogether(guessed);
    for (const invite of guessed) this.#invites.set(invite.id, invite);
  }

  /** What trackers are told: where guests find this peer, those that ended lately included, to be told why. */
  meetingPoints(): readonly Uint8Array[] {
    const nowMs = this.#deps.clock.nowMs();
    const lately = this.list().filter(
      (invite) => this.stateOf(invite) !== "open" && nowMs - endOf(invite) < ENDED_MET_MS,
    );
    return [...this.open(), ...lately].slice(0, RENDEZVOUS_MAX).flatMap(({ id }) => fromHex(id) ?? []);
  }

  /** When the meeting points change next by themselves, Unix time; null when never. */
  nextChangeMs(): number | null {
    const nowMs = this.#deps.clock.nowMs();
    const times = this.list()
      .flatMap((invite) => [endOf(invite), endOf(invite) + ENDED_MET_MS])
      .filter((timeMs) => timeMs > nowMs);
    return times.length === 0 ? null : Math.min(...times);
  }

  #put(invite: StoredInvite, alongside?: () => void): StoredInvite {
    this.#deps.store.put(invite, alongside);
    this.#invites.set(invite.id, invite);
    return invite;
  }

  #prune(): void {
    const nowMs = this.#deps.clock.nowMs();
    const ended = [...this.#invites.values()].filter((invite) => this.stateOf(invite) !== "open");
    const surplus = this.#invites.size - INVITES_KEPT_MAX;
    for (const [at, invite] of ended.entries()) {
      if (at >= surplus && nowMs - endOf(invite) <= ENDED_KEPT_MS) continue;
      this.#deps.store.remove(invite.id);
      this.#invites.delete(invite.id);
    }
  }
}

function endOf({ ended, expiresMs }: StoredInvite): number {
  return ended?.atMs ?? expiresMs;
}
