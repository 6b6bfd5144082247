/**
 * Owns the state of the ledger a second time: slow and obvious, written from `spec/ledger.md` alone, over the bytes of
 * blocks, with the whole tree hashed anew for each. For tests: it shares no code with `src/ledger`. Signatures, work and
 * limits are not its concern; a block that cannot be carried out throws.
 */
import { createHash } from "node:crypto";

export interface TwinRules {
  readonly reward: { readonly initial: number; readonly halvingBlocks: number; readonly tail: number };
  readonly payoutDelayBlocks: number;
  readonly names: {
    readonly commitPrice: number;
    readonly basePrice: number;
    readonly cheapFromChars: number;
    readonly claimAfterBlocks: number;
    readonly claimWithinBlocks: number;
    readonly lifeBlocks: number;
    readonly graceBlocks: number;
  };
  readonly allocations: readonly { readonly account: string; readonly amount: number }[];
}

interface TwinName {
  owner: string;
  key: string;
  since: number;
  readonly height: number;
  readonly index: number;
}

function hash(...parts: readonly (Buffer | string)[]): string {
  const digest = createHash("sha256");
  for (const part of parts) digest.update(part);
  return digest.digest("hex");
}

function hex(text: string): Buffer {
  return Buffer.from(text, "hex");
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function u64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

/** Each bit of a key as a digit. */
function bitsOf(key: string): string {
  return [...hex(key)].map((byte) => byte.toString(2).padStart(8, "0")).join("");
}

function treeHash(leaves: readonly { readonly bits: string; readonly leaf: string }[], depth = 0): string {
  const [first, ...others] = leaves;
  if (first === undefined) return "00".repeat(32);
  if (others.length === 0) return first.leaf;
  const side = (bit: string) =>
    treeHash(
      leaves.filter(({ bits }) => bits[depth] === bit),
      depth + 1,
    );
  return hash(Buffer.of(1), hex(side("0")), hex(side("1")));
}

/** Fields one after the other. */
class Cursor {
  readonly bytes: Buffer;
  at = 0;
  constructor(bytes: Uint8Array) {
    this.bytes = Buffer.from(bytes);
  }
  u8(): number {
    return this.bytes.readUInt8(this.at++);
  }
  u32(): number {
    this.at += 4;
    return this.bytes.readUInt32LE(this.at - 4);
  }
  u64(): number {
    this.at += 8;
    return Number(this.bytes.readBigUInt64LE(this.at - 8));
  }
  hex(length: number): string {
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at).toString("hex");
  }
  text(): string {
    return hex(this.hex(this.u8())).toString("ascii");
  }
}

function check(holds: boolean, what: string): void {
  if (!holds) throw new Error(`the twin cannot carry this out: ${what}`);
}

export class LedgerTwin {
  readonly #rules: TwinRules;
  readonly #balances = new Map<string, { balance: number; seq: number }>();
  readonly #payouts = new Map<number, { readonly miner: string; readonly amount: number }>();
  /** By account and commitment, hex. */
  readonly #commitments = new Map<string, { readonly height: number; readonly index: number }>();
  readonly #names = new Map<string, TwinName>();
  /** What each block made or renewed: ids in the maps above. */
  readonly #madeCommitments = new Map<number, string[]>();
  readonly #madeNames = new Map<number, string[]>();
  readonly totals = { issued: 0, held: 0, pending: 0, burned: 0 };

  constructor(rules: TwinRules) {
    this.#rules = rules;
    for (const { account, amount } of rules.allocations) {
      this.#of(account).balance = amount;
      this.totals.issued += amount;
      this.totals.held += amount;
    }
  }

  root(): string {
    const entries = [...this.#entries()].map(([key, value]) => ({
      bits: bitsOf(key),
      leaf: hash(Buffer.of(0), hex(key), hex(hash(value))),
    }));
    return treeHash(entries);
  }

  /** @param bytes of a whole block, the next one. */
  apply(bytes: Uint8Array): void {
    const cursor = new Cursor(bytes);
    cursor.at = 4;
    const height = cursor.u32();
    cursor.at = 176;
    const count = cursor.u32();
    this.#expire(height);
    const paid = this.#pay(height);
    let [fees, miner] = [0, ""];
    const burnedBefore = this.totals.burned;
    for (let index = 0; index < count; index++) {
      const coinbase = cursor.u8() === 0;
      if (coinbase) {
        cursor.at += 4;
        miner = cursor.hex(32);
        cursor.hex(cursor.u8());
      } else {
        cursor.at -= 1;
        fees += this.#transaction(cursor, height, index);
      }
    }
    check(cursor.at === bytes.length, "bytes are left");
    const { reward } = this.#rules;
    const halved = Math.floor(reward.initial / 2 ** Math.floor((height - 1) / reward.halvingBlocks));
    const earned = Math.max(reward.tail, halved);
    this.#payouts.set(height, { miner, amount: earned + fees });
    this.totals.issued += earned;
    this.totals.pending += earned + fees - paid;
    this.totals.held += paid - fees - (this.totals.burned - burnedBefore);
    const { issued, held, pending, burned } = this.totals;
    const balances = [...this.#balances.values()].reduce((sum, { balance }) => sum + balance, 0);
    check(balances === held && issued === held + pending + burned, "the sums fit");
  }

  #of(account: string): { balance: number; seq: number } {
    const known = this.#balances.get(account) ?? { balance: 0, seq: 0 };
    this.#balances.set(account, known);
    return known;
  }

  #expire(height: number): void {
    const { claimWithinBlocks, lifeBlocks, graceBlocks } = this.#rules.names;
    const ofCommitments = height - claimWithinBlocks - 1;
    for (const id of this.#madeCommitments.get(ofCommitments) ?? []) this.#commitments.delete(id);
    this.#madeCommitments.delete(ofCommitments);
    const ofNames = height - lifeBlocks - graceBlocks - 1;
    for (const name of this.#madeNames.get(ofNames) ?? []) {
      if (this.#names.get(name)?.since === ofNames) this.#names.delete(name);
    }
    this.#madeNames.delete(ofNames);
  }

  #pay(height: number): number {
    const due = height - this.#rules.payoutDelayBlocks;
    const payout = this.#payouts.get(due);
    if (payout === undefined) return 0;
    this.#of(payout.miner).balance += payout.amount;
    this.#payouts.delete(due);
    return payout.amount;
  }

  /** @returns its fee. */
  #transaction(cursor: Cursor, height: number, index: number): number {
    const [type, from, seq] = [cursor.u8(), cursor.hex(32), cursor.u64()];
    const fee = type === 3 ? 0 : cursor.u64();
    check(cursor.u32() >= height, "it is in time");
    const payer = this.#of(from);
    check(payer.seq === seq, "its turn has come");
    payer.seq += 1;
    payer.balance -= fee;
    if (type === 1) {
      const [to, amount] = [cursor.hex(32), cursor.u64()];
      payer.balance -= amount;
      this.#of(to).balance += amount;
    } else if (type === 2) cursor.hex(32);
    else if (type === 3) cursor.hex(40);
    else payer.balance -= this.#name(cursor, type, from, { height, index });
    check(payer.balance >= 0, "it is covered");
    cursor.hex(64);
    return fee;
  }

  /** @returns what it burned. */
  #name(cursor: Cursor, type: number, from: string, at: { height: number; index: number }): number {
    const burned = this.#changeName(cursor, type, from, at);
    this.totals.burned += burned;
    return burned;
  }

  #changeName(cursor: Cursor, type: number, from: string, at: { height: number; index: number }): number {
    const { names } = this.#rules;
    const { height } = at;
    if (type === 4) {
      const id = from + cursor.hex(32);
      check(!this.#commitments.has(id), "a commitment is new");
      this.#commitments.set(id, at);
      note(this.#madeCommitments, height, id);
      return names.commitPrice;
    }
    if (type === 5) {
      const [salt, key, name] = [cursor.hex(32), cursor.hex(32), cursor.text()];
      const id = from + hash("waybill-name-commitment-v1\0", hex(salt + key + from), name);
      const commitment = this.#commitments.get(id);
      if (commitment === undefined) throw new Error("no such commitment");
      const age = height - commitment.height;
      check(age >= names.claimAfterBlocks && age <= names.claimWithinBlocks, "a claim comes in its time");
      const holder = this.#names.get(name);
      const order = (each: { height: number; index: number }) => each.height * 2 ** 20 + each.index;
      check(holder === undefined || order(commitment) < order(holder), "the earlier commitment wins");
      this.#names.set(name, { owner: from, key, since: height, ...commitment });
      note(this.#madeNames, height, name);
      return this.#price(name);
    }
    const [name, change] = [cursor.text(), cursor.u8()];
    const record = this.#names.get(name);
    if (record === undefined || record.owner !== from) throw new Error("not the owner's");
    check(change === 0 || height <= record.since + names.lifeBlocks, "in its grace a name is only renewed");
    if (change === 1) record.key = cursor.hex(32);
    if (change === 2) record.owner = cursor.hex(32);
    if (change !== 0) return 0;
    record.since = height;
    note(this.#madeNames, height, name);
    return this.#price(name);
  }

  #price(name: string): number {
    const { basePrice, cheapFromChars } = this.#rules.names;
    return basePrice * 2 ** Math.max(0, cheapFromChars - name.length);
  }

  /** Keys, hex, with the bytes under them. */
  #entries(): Map<string, Buffer> {
    const entries = new Map<string, Buffer>();
    for (const [account, { balance, seq }] of this.#balances) {
      if (balance + seq === 0) continue;
      const value = Buffer.concat([Buffer.of(1), u64(balance), u64(seq)]);
      entries.set(hash("waybill-account-v1\0", hex(account)), value);
    }
    for (const [height, { miner, amount }] of this.#payouts) {
      const value = Buffer.concat([Buffer.of(2), hex(miner), u64(amount)]);
      entries.set(hash("waybill-payout-v1\0", u32(height)), value);
    }
    const { issued, held, pending, burned } = this.totals;
    const sums = [issued, held, pending, burned].map(u64);
    entries.set(hash("waybill-totals-v1\0"), Buffer.concat([Buffer.of(3), ...sums]));
    const keyOfCommitment = (id: string) => hash("waybill-commitment-v1\0", hex(id));
    const keyOfName = (name: string) => hash("waybill-name-v1\0", name);
    for (const [id, { height, index }] of this.#commitments) {
      entries.set(keyOfCommitment(id), Buffer.concat([Buffer.of(4), u32(height), u32(index)]));
    }
    for (const [name, { owner, key, since, height, index }] of this.#names) {
      const parts = [hex(owner), hex(key), u32(since), u32(height), u32(index)];
      const length = u32(name.length).subarray(0, 2);
      entries.set(keyOfName(name), Buffer.concat([Buffer.of(5), ...parts, length, Buffer.from(name)]));
    }
    addLists(entries, "waybill-commitments-of-v1\0", this.#madeCommitments, keyOfCommitment);
    addLists(entries, "waybill-names-of-v1\0", this.#madeNames, keyOfName);
    return entries;
  }
}

function note(made: Map<number, string[]>, height: number, id: string): void {
  const list = made.get(height) ?? [];
  made.set(height, list.includes(id) ? list : [...list, id]);
}

function addLists(
  entries: Map<string, Buffer>,
  domain: string,
  made: ReadonlyMap<number, readonly string[]>,
  keyOf: (id: string) => string,
): void {
  for (const [height, ids] of made) {
    for (let part = 0; part * 128 < ids.length; part++) {
      const keys = ids.slice(part * 128, part * 128 + 128).map((id) => hex(keyOf(id)));
      entries.set(hash(domain, u32(height), u32(part)), Buffer.concat([Buffer.of(6), ...keys]));
    }
  }
}
