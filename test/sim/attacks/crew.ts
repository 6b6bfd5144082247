/**
 * Owns what the attackers of one world have in common: they divide the attacks among themselves, hold accounts together,
 * and count what they have done. An attack that nobody honest was told of, asked for or served is not counted.
 */
import type { AccountId, PeerId } from "#base/brand.ts";
import type { Keypair } from "#crypto/ed25519.ts";
import type { SimWorld } from "../world.ts";
import type { Attacker } from "./attacker.ts";
import { Deck } from "./deck.ts";

/** How often an attacker answers questions as an honest peer does: one that never did would soon be left alone. */
const HONEST_CHANCE = 0.3;
export const HONEST_MANNER = "honest";

export class Crew {
  readonly world: SimWorld;
  readonly attackers: Attacker[] = [];
  /** By name, how often each kind was made. */
  readonly made = new Map<string, number>();
  readonly #attacks: Deck;
  readonly #manners: Deck;
  readonly #honest: ReadonlySet<PeerId>;
  #accountsUsed = 0;

  constructor(
    world: SimWorld,
    kinds: { readonly attacks: readonly string[]; readonly manners: readonly string[] },
  ) {
    this.world = world;
    const random = world.random.fork("crew");
    this.#attacks = new Deck(kinds.attacks, random.fork("attacks"));
    this.#manners = new Deck(kinds.manners, random.fork("manners"));
    this.#honest = new Set(world.honest.map(({ id }) => id));
  }

  isHonest(peer: PeerId): boolean {
    return this.#honest.has(peer);
  }

  isHonestAccount(account: AccountId): boolean {
    return this.world.honest.some((node) => node.account === account);
  }

  nextAttack(): string {
    return this.#attacks.next();
  }

  /** How the next question is answered. */
  nextManner(attacker: Attacker): string {
    return attacker.random.chance(HONEST_CHANCE) ? HONEST_MANNER : this.#manners.next();
  }

  /** @param isFelt whether an honest peer was told of it, asked for it or served it. */
  note(kind: string, isFelt: boolean): void {
    if (isFelt) this.made.set(kind, (this.made.get(kind) ?? 0) + 1);
  }

  noteAttack(kind: string, isFelt: boolean): void {
    this.note(kind, isFelt);
    if (!isFelt) this.#attacks.cameToNothing(kind);
  }

  noteManner(kind: string, isFelt: boolean): void {
    this.note(kind, isFelt);
    if (!isFelt) this.#manners.cameToNothing(kind);
  }

  /** So many of the accounts that they hold, others each time as far as there are others. */
  accounts(count: number): readonly Keypair[] {
    const { maliciousKeys } = this.world;
    const from = this.#accountsUsed;
    this.#accountsUsed += count;
    return Array.from({ length: Math.min(count, maliciousKeys.length) }, (_, at) => {
      const keypair = maliciousKeys[(from + at) % maliciousKeys.length];
      if (keypair === undefined) throw new Error("no accounts to attack with");
      return keypair;
    });
  }
}
