/**
 * Owns what is known of checkpoints: the newest final one, cosignatures above it, and evidence against signers that
 * signed two blocks of one height. Takes notes that were verified; says what is new and what must be kept. Knows no
 * chain, network, or disk.
 */
import type { AccountId, BlockId } from "#base/brand.ts";
import {
  type Checkpoint,
  type Cosignature,
  checkpointText,
  decodeCheckpoint,
  decodeEquivocation,
  type Equivocation,
  encodeCheckpoint,
  encodeEquivocation,
  equivocatorOf,
  noteOf,
  type VerifiedCheckpoint,
  verifyCheckpoint,
} from "#ledger/checkpoint.ts";
import type { Network as LedgerNetwork } from "#ledger/index.ts";
import type { Holding } from "../holding.ts";
import { COSIGNATURES_PER_SIGNER_MAX } from "../limits.ts";
import type {
  CheckpointChange,
  CheckpointRecord,
  CosignatureRow,
  EvidenceRow,
  SigningMark,
} from "./checkpoint-store.ts";

interface Signed {
  readonly checkpoint: Checkpoint;
  readonly cosignature: Cosignature;
}

/** What a verified note brought. */
export interface Taken {
  /** Each with one line; worth passing on. */
  readonly fresh: readonly VerifiedCheckpoint[];
  readonly equivocations: readonly AccountId[];
  /** Above what was final or sought before, and complete now. */
  readonly completed: VerifiedCheckpoint | null;
  /** For the store. */
  readonly change: CheckpointChange;
}

export class CheckpointBook {
  readonly #network: LedgerNetwork;
  readonly #needed: number;
  readonly #signers: readonly AccountId[];
  /** By signer, then by height. */
  readonly #signed = new Map<AccountId, Map<number, Signed>>();
  readonly #evidence = new Map<AccountId, string>();
  /** The last one of each signer that was too old to be kept. */
  readonly #passing = new Map<AccountId, VerifiedCheckpoint>();
  #final: VerifiedCheckpoint | null = null;
  #sought: VerifiedCheckpoint | null = null;
  /** What was sought last in vain: told of again, it is not sought again. */
  #refused: BlockId | null = null;

  /** Rows of the record that do not verify are passed over: they were kept for another genesis, or are damaged. */
  constructor(network: LedgerNetwork, record: CheckpointRecord) {
    this.#network = network;
    const rules = network.params.checkpoints;
    this.#needed = rules?.needed ?? Number.POSITIVE_INFINITY;
    this.#signers = rules?.keys ?? [];
    this.#final = this.#complete(record.final);
    this.#sought = this.#complete(record.sought);
    for (const { note } of record.cosignatures) {
      const verified = this.#read(note);
      for (const cosignature of verified?.cosignatures ?? [])
        if (verified !== null) this.#put({ checkpoint: verified.checkpoint, cosignature });
    }
    for (const { signer, text } of record.evidence) {
      const evidence = decodeEquivocation(text);
      if (evidence.ok && equivocatorOf(evidence.value, network) === signer) this.#evidence.set(signer, text);
    }
  }

  /** The newest whose block is on our best chain. */
  get final(): VerifiedCheckpoint | null {
    return this.#final;
  }

  /** Complete and above {@link final}, its block not on our best chain yet. */
  get sought(): VerifiedCheckpoint | null {
    return this.#sought;
  }

  /** Keys shown to have signed twice, each with the two notes as text. */
  get evidence(): ReadonlyMap<AccountId, string> {
    return this.#evidence;
  }

  holdings(): readonly Holding[] {
    const signers = this.#signers.length;
    let cosignatures = 0;
    for (const ofSigner of this.#signed.values()) cosignatures += ofSigner.size;
    return [
      { what: "cosignatures", count: cosignatures, limit: signers * COSIGNATURES_PER_SIGNER_MAX },
      { what: "cosignatures too old to be kept", count: this.#passing.size, limit: signers },
      { what: "signers shown to have signed twice", count: this.#evidence.size, limit: signers },
    ];
  }

  take(verified: VerifiedCheckpoint): Taken {
    const fresh: VerifiedCheckpoint[] = [];
    const put: CosignatureRow[] = [];
    const remove: CosignatureRow[] = [];
    const evidence: EvidenceRow[] = [];
    const { checkpoint } = verified;
    for (const cosignature of verified.cosignatures) {
      const { signer } = cosignature;
      const single = this.#single(checkpoint, cosignature);
      const known = this.#knownAt(signer, checkpoint.height);
      if (known !== null) {
        const row = this.#equivocation(signer, known, single);
        if (row !== null) evidence.push(row);
      } else if (this.#isKept(signer, checkpoint.height)) {
        this.#put({ checkpoint, cosignature });
        put.push({ signer, height: checkpoint.height, note: encodeCheckpoint(noteOf(single)) });
        fresh.push(single);
        remove.push(...this.#tooMany(signer));
      } else {
        const row = this.#comparedInPassing(signer, single);
        if (row !== null) evidence.push(row);
      }
    }
    const completed = this.#completedBy(verified);
    if (completed !== null) this.#sought = completed;
    const sought = completed === null ? {} : { sought: encodeCheckpoint(noteOf(completed)) };
    const final = fresh.length > 0 && this.#joinFinal(checkpoint) ? this.#finalNote() : {};
    return {
      fresh,
      equivocations: evidence.map(({ signer }) => signer),
      completed,
      change: { put, remove, evidence, ...sought, ...final },
    };
  }

  /** The block of {@link sought} is on our best chain: it is final now. `null` when nothing was sought. */
  reached(): CheckpointChange | null {
    if (this.#sought === null) return null;
    this.#final = this.#sought;
    this.#sought = null;
    const { height } = this.#final.checkpoint;
    const remove: CosignatureRow[] = [];
    for (const signer of this.#signers) {
      const newest = this.highestOf(signer)?.height ?? 0;
      for (const at of [...this.#heightsOf(signer)].filter((each) => each < height && each !== newest)) {
        remove.push({ signer, height: at, note: "" });
        this.#signed.get(signer)?.delete(at);
      }
    }
    return { ...this.#finalNote(), sought: null, remove };
  }

  /** {@link sought} contradicts what is final: it is left alone. */
  refused(): CheckpointChange {
    this.#refused = this.#sought?.checkpoint.blockId ?? null;
    this.#sought = null;
    return { sought: null };
  }

  /** The highest that is known to be signed by this key. */
  highestOf(signer: AccountId): { readonly height: number; readonly blockId: BlockId } | null {
    const height = Math.max(0, ...this.#heightsOf(signer));
    const signed = this.#signed.get(signer)?.get(height);
    const own = signed === undefined ? null : { height, blockId: signed.checkpoint.blockId };
    const final =
      this.#final?.cosignatures.some((each) => each.signer === signer) === true ? this.#final : null;
    if (final === null || (own !== null && own.height >= final.checkpoint.height)) return own;
    return { height: final.checkpoint.height, blockId: final.checkpoint.blockId };
  }

  /** What is known to be signed by this key, as far as it is kept. */
  signaturesOf(signer: AccountId): readonly SigningMark[] {
    const signed = [...(this.#signed.get(signer)?.values() ?? [])];
    return signed.map(({ checkpoint: { height, blockId } }) => ({ height, blockId }));
  }

  /** How many have signed this block, as far as known. */
  countOf(height: number, blockId: BlockId): number {
    return this.#signers.filter(
      (signer) => this.#signed.get(signer)?.get(height)?.checkpoint.blockId === blockId,
    ).length;
  }

  /** All worth telling, final ones first, then the newest; those of one block in one note. */
  *notes(): Generator<string> {
    for (const whole of [this.#final, this.#sought])
      if (whole !== null) yield encodeCheckpoint(noteOf(whole));
    for (const text of this.#evidence.values()) {
      const evidence = decodeEquivocation(text);
      if (evidence.ok)
        yield* [encodeCheckpoint(evidence.value.first), encodeCheckpoint(evidence.value.second)];
    }
    const byText = new Map<string, Signed[]>();
    for (const signed of this.#newestFirst()) {
      const text = checkpointText(signed.checkpoint);
      byText.set(text, [...(byText.get(text) ?? []), signed]);
    }
    for (const [first, ...others] of byText.values()) {
      if (first === undefined) continue;
      const signatures = [first, ...others].map(({ cosignature }) => cosignature.line);
      yield encodeCheckpoint({ checkpoint: first.checkpoint, signatures });
    }
  }

  #finalNote(): { readonly final?: string } {
    return this.#final === null ? {} : { final: encodeCheckpoint(noteOf(this.#final)) };
  }

  /** Signers beyond those who were needed are shown too. */
  #joinFinal(checkpoint: Checkpoint): boolean {
    const final = this.#final;
    if (final === null || checkpointText(final.checkpoint) !== checkpointText(checkpoint)) return false;
    const cosignatures = this.#signers.flatMap((signer) => {
      const known = final.cosignatures.find((each) => each.signer === signer);
      return known ?? this.#signedAs(checkpoint, signer);
    });
    this.#final = { ...final, cosignatures };
    return true;
  }

  #signedAs(checkpoint: Checkpoint, signer: AccountId): readonly Cosignature[] {
    const signed = this.#signed.get(signer)?.get(checkpoint.height);
    const isSame = signed !== undefined && checkpointText(signed.checkpoint) === checkpointText(checkpoint);
    return isSame ? [signed.cosignature] : [];
  }

  #newestFirst(): readonly Signed[] {
    const all = this.#signers.flatMap((signer) => [...(this.#signed.get(signer)?.values() ?? [])]);
    return all.toSorted((a, b) => b.checkpoint.height - a.checkpoint.height);
  }

  #heightsOf(signer: AccountId): Iterable<number> {
    return this.#signed.get(signer)?.keys() ?? [];
  }

  #put(signed: Signed): void {
    const { signer } = signed.cosignature;
    const ofSigner = this.#signed.get(signer) ?? new Map<number, Signed>();
    this.#signed.set(signer, ofSigner.set(signed.checkpoint.height, signed));
  }

  /** The lowest ones of a signer go first: what is newer may still be completed by others. */
  #tooMany(signer: AccountId): readonly CosignatureRow[] {
    const ofSigner = this.#signed.get(signer);
    if (ofSigner === undefined || ofSigner.size <= COSIGNATURES_PER_SIGNER_MAX) return [];
    const lowest = Math.min(...ofSigner.keys());
    ofSigner.delete(lowest);
    return [{ signer, height: lowest, note: "" }];
  }

  #knownAt(signer: AccountId, height: number): VerifiedCheckpoint | null {
    const signed = this.#signed.get(signer)?.get(height);
    if (signed !== undefined) return this.#single(signed.checkpoint, signed.cosignature);
    for (const whole of [this.#final, this.#sought]) {
      const line = whole?.cosignatures.find((each) => each.signer === signer);
      if (whole?.checkpoint.height === height && line !== undefined)
        return this.#single(whole.checkpoint, line);
    }
    return null;
  }

  /** Not below what is final, nor below as many newer ones as are kept of this signer. */
  #isKept(signer: AccountId, height: number): boolean {
    if (height < (this.#final?.checkpoint.height ?? 0)) return false;
    const heights = [...this.#heightsOf(signer)];
    return heights.length < COSIGNATURES_PER_SIGNER_MAX || height > Math.min(...heights);
  }

  /** What is too old is not kept; but the two halves of old evidence come one after the other. */
  #comparedInPassing(signer: AccountId, single: VerifiedCheckpoint): EvidenceRow | null {
    const last = this.#passing.get(signer);
    this.#passing.set(signer, single);
    if (last?.checkpoint.height !== single.checkpoint.height) return null;
    return this.#equivocation(signer, last, single);
  }

  #single(checkpoint: Checkpoint, cosignature: Cosignature): VerifiedCheckpoint {
    return { checkpoint, cosignatures: [cosignature], isComplete: this.#needed <= 1 };
  }

  /** `null` when both say the same, or this signer was shown before. */
  #equivocation(signer: AccountId, known: VerifiedCheckpoint, other: VerifiedCheckpoint): EvidenceRow | null {
    if (this.#evidence.has(signer)) return null;
    const pair: Equivocation = { first: noteOf(known), second: noteOf(other) };
    if (checkpointText(known.checkpoint) === checkpointText(other.checkpoint)) return null;
    const text = encodeEquivocation(pair);
    this.#evidence.set(signer, text);
    return { signer, text };
  }

  /** A note that came complete counts as it is; else what is known of its block is put together. */
  #completedBy(verified: VerifiedCheckpoint): VerifiedCheckpoint | null {
    const { checkpoint } = verified;
    const above = this.#sought ?? this.#final;
    if (above !== null && checkpoint.height <= above.checkpoint.height) return null;
    if (checkpoint.blockId === this.#refused) return null;
    if (verified.isComplete) return verified;
    const cosignatures = this.#signers.flatMap((signer) => this.#signedAs(checkpoint, signer));
    return cosignatures.length < this.#needed ? null : { checkpoint, cosignatures, isComplete: true };
  }

  #read(note: string): VerifiedCheckpoint | null {
    const decoded = decodeCheckpoint(note);
    const verified = decoded.ok ? verifyCheckpoint(decoded.value, this.#network) : decoded;
    return verified.ok ? verified.value : null;
  }

  #complete(note: string | null): VerifiedCheckpoint | null {
    const verified = note === null ? null : this.#read(note);
    return verified?.isComplete === true ? verified : null;
  }
}
