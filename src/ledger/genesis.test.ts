import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import fc from "fast-check";
import { decodeBlock, encodeBlock } from "./codec.ts";
import { loadNetwork } from "./genesis.ts";
import { GENESIS_TEXT_CHARS_MAX } from "./limits.ts";
import type { Network } from "./params.ts";
import { ALICE, BOB, CAROL } from "./test-chain.ts";

const shipped = readFileSync(new URL("../../networks/default.json", import.meta.url), "utf8");

function load(text: string): Network {
  const network = loadNetwork(text);
  assert.ok(network.ok, network.ok ? "" : network.fault.cause);
  return network.value;
}

function refusal(text: string): string {
  const network = loadNetwork(text);
  return network.ok ? "accepted" : `${network.fault.code}: ${network.fault.cause}`;
}

/** The shipped file with one member put in place of another. */
function changed(key: string, value: unknown, group?: string): string {
  const json = JSON.parse(shipped) as Record<string, Record<string, unknown>>;
  const target = group === undefined ? (json as Record<string, unknown>) : json[group];
  assert.ok(target);
  if (value === undefined) delete target[key];
  else target[key] = value;
  return JSON.stringify(json);
}

function signers(keys: readonly unknown[], needed: number): string {
  return changed("checkpoints", { keys, needed, everyBlocks: 10 });
}

test("form does not matter, any parameter does", () => {
  const { chainIdHex } = load(shipped);
  const json = JSON.parse(shipped) as Record<string, unknown>;
  assert.equal(load(JSON.stringify(json)).chainIdHex, chainIdHex);
  const reversed = Object.fromEntries(Object.entries(json).toReversed());
  assert.equal(load(JSON.stringify(reversed, null, 7)).chainIdHex, chainIdHex);
  const ids = new Set([chainIdHex]);
  const one = { account: ALICE.account, amount: 1 };
  const edits: readonly (readonly [string, unknown, string?])[] = [
    ["name", "other"],
    ["symbol", "XX", "coin"],
    ["unitsPerCoin", 10, "coin"],
    ["genesisTime", 1],
    ["targetSpacingSeconds", 16],
    ["tauSeconds", 601],
    ["minGapSeconds", 4],
    ["maxFutureSeconds", 61],
    ["easeAfterSeconds", 61],
    ["powLimitBits", "1e200000"],
    ["initialBits", "1d100000"],
    ["maxBlockBytes", 300_000],
    ["maxBlockSignatures", 1999],
    ["initial", 7, "reward"],
    ["halvingBlocks", 7, "reward"],
    ["tail", 7, "reward"],
    ["payoutDelayBlocks", 5],
    ["validUntilMaxBlocks", 5761],
    ["perBlock", 99, "freeAnchors"],
    ["perAccountPerBlock", 1, "freeAnchors"],
    ["stampBits", 17, "freeAnchors"],
    ["commitPrice", 7, "names"],
    ["basePrice", 7, "names"],
    ["cheapFromChars", 7, "names"],
    ["claimAfterBlocks", 7, "names"],
    ["claimWithinBlocks", 7, "names"],
    ["lifeBlocks", 7000, "names"],
    ["graceBlocks", 7, "names"],
    ["claimsPerAccountPerBlock", 7, "names"],
    ["checkpoints", { keys: [ALICE.account], needed: 1, everyBlocks: 10 }],
    ["checkpoints", { keys: [ALICE.account], needed: 1, everyBlocks: 11 }],
    ["checkpoints", { keys: [ALICE.account, BOB.account], needed: 2, everyBlocks: 10 }],
    ["allocations", [one]],
  ];
  for (const [key, value, group] of edits) ids.add(load(changed(key, value, group)).chainIdHex);
  assert.equal(ids.size, edits.length + 1);
});

test("allocations are a set: their order in the file does not matter", () => {
  const [a, b] = [
    { account: ALICE.account, amount: 5 },
    { account: BOB.account, amount: 6 },
  ];
  const one = load(changed("allocations", [a, b]));
  assert.equal(load(changed("allocations", [b, a])).chainIdHex, one.chainIdHex);
  assert.notDeepEqual(one.genesis.header.stateRoot, load(shipped).genesis.header.stateRoot);
});

test("checkpoint keys are a set: their order in the file does not matter", () => {
  const [one, two] = [
    [ALICE.account, BOB.account],
    [BOB.account, ALICE.account],
  ].map((keys) => load(changed("checkpoints", { keys, needed: 2, everyBlocks: 10 })));
  assert.equal(one?.chainIdHex, two?.chainIdHex);
  assert.equal(load(shipped).params.checkpoints, null);
});

test("the genesis block carries the chain id, no work and no transactions, and has one encoding", () => {
  const { genesis, chainIdHex } = load(shipped);
  assert.equal(genesis.header.previous, chainIdHex);
  assert.equal(genesis.header.chainWork, 0n);
  assert.equal(genesis.transactions.length, 0);
  assert.deepEqual(decodeBlock(encodeBlock(genesis)), { ok: true, value: genesis });
});

test("parameters are frozen, all the way down", () => {
  const { params } = load(changed("allocations", [{ account: ALICE.account, amount: 5 }]));
  const { coin, reward, freeAnchors, allocations } = params;
  for (const part of [params, coin, reward, freeAnchors, allocations, ...allocations]) {
    assert.ok(Object.isFrozen(part));
  }
});

test("each kind of mistake has its code, and a cause with the place", () => {
  const small = { account: "01".padEnd(64, "0"), amount: 1 };
  const upper = { account: ALICE.account.toUpperCase(), amount: 1 };
  const cases: readonly (readonly [string, RegExp])[] = [
    ["", /^not-json: line 1/],
    ["[]", /^type-wrong: the genesis is not an object/],
    [`${shipped}x`, /^not-json: .*something follows/],
    [shipped.replace('"name"', '"name": "a", "name"'), /^key-repeated: line 3: the key "name" stands twice/],
    [changed("colour", "red"), /^key-unknown: .*"colour"/],
    [changed("burn", 1, "reward"), /^key-unknown: "reward" of the genesis has "burn"/],
    [changed("__proto__x", 1), /^key-unknown/],
    [changed("name", undefined), /^key-missing: .*"name"/],
    [changed("tail", undefined, "reward"), /^key-missing: .*"tail"/],
    [changed("name", 5), /^type-wrong: .*"name"/],
    [changed("name", "Not Good"), /^out-of-range: .*"name"/],
    [changed("name", "a".repeat(33)), /^out-of-range: .*"name"/],
    [changed("tauSeconds", "600"), /^type-wrong: .*"tauSeconds".*not a number/],
    [changed("tauSeconds", 600.5), /^not-json: .*whole/],
    [changed("tauSeconds", 0), /^out-of-range: .*"tauSeconds".*is 0/],
    [changed("reward", []), /^type-wrong: "reward" of the genesis is not an object/],
    [changed("allocations", {}), /^type-wrong: .*"allocations".*not a list/],
    [changed("powLimitBits", "1e00"), /^out-of-range: .*"powLimitBits"/],
    [changed("powLimitBits", "1e800000"), /^out-of-range: .*not a canonical compact target/],
    [changed("initialBits", "1f100000"), /^contradiction: "initialBits" is easier/],
    [changed("minGapSeconds", 15), /^contradiction: "minGapSeconds"/],
    [changed("tauSeconds", 59), /^contradiction: "tauSeconds" is below 4 times/],
    [changed("maxFutureSeconds", 301), /^contradiction: "maxFutureSeconds" is above half/],
    [changed("maxFutureSeconds", 2), /^contradiction: "maxFutureSeconds" is below "minGapSeconds"/],
    [changed("perBlock", 1001, "freeAnchors"), /^contradiction: "freeAnchors.perBlock" is above half/],
    [changed("maxBlockBytes", 29_799), /^contradiction: "freeAnchors.perBlock" fills more than half/],
    [changed("easeAfterSeconds", 14), /^contradiction: "easeAfterSeconds"/],
    [changed("perAccountPerBlock", 101, "freeAnchors"), /^contradiction: "freeAnchors.perAccountPerBlock"/],
    [changed("tail", 3_000_000, "reward"), /^contradiction: "reward" and "allocations"/],
    [changed("allocations", [small]), /^out-of-range: .*cannot be a key/],
    [changed("allocations", [upper]), /^out-of-range: "account" of entry 0/],
    [
      changed(
        "allocations",
        [0, 0].map(() => ({ account: ALICE.account, amount: 1 })),
      ),
      /^contradiction: .*two/,
    ],
    [changed("claimWithinBlocks", 1, "names"), /^contradiction: "names.claimWithinBlocks"/],
    [changed("lifeBlocks", 5759, "names"), /^contradiction: "names.lifeBlocks"/],
    [changed("basePrice", 2 ** 52, "names"), /^contradiction: "names.basePrice"/],
    [changed("cheapFromChars", 2, "names"), /^out-of-range: "cheapFromChars"/],
    // No claim could ever stand, and all behind one would wait for ever.
    [changed("claimsPerAccountPerBlock", 0, "names"), /^out-of-range: "claimsPerAccountPerBlock"/],
    [changed("names", null), /^type-wrong: "names" of the genesis is not an object/],
    [changed("checkpoints", undefined), /^key-missing: .*"checkpoints"/],
    [changed("checkpoints", []), /^type-wrong: "checkpoints"/],
    [signers([ALICE.account], 2), /^contradiction: "checkpoints.needed" is above the number/],
    [signers([ALICE.account, BOB.account, CAROL.account], 2), /^contradiction: .*two thirds/],
    [signers([ALICE.account, ALICE.account], 2), /^contradiction: a key stands twice/],
    [signers([], 1), /^contradiction: "checkpoints.needed"/],
    [signers([5], 1), /^type-wrong: entry 0 of "keys"/],
    [signers(["01".padEnd(64, "0")], 1), /^out-of-range: .*cannot be a key/],
    [signers(["xy"], 1), /^out-of-range: entry 0 of "keys"/],
    [changed("signatureRule", "ed25519"), /^out-of-range: .*"signatureRule"/],
    [changed("genesisVersion", 1), /^out-of-range: .*"genesisVersion"/],
    [changed("coin", { symbol: "WB", unitsPerCoin: { a: { b: { c: 1 } } } }), /^not-json: .*nested deeper/],
    [" ".repeat(GENESIS_TEXT_CHARS_MAX + 1), /^too-big/],
  ];
  for (const [text, expected] of cases) assert.match(refusal(text), expected);
});

test("numbers at the very edge of what can stand together are accepted", () => {
  const edges = [
    changed("minGapSeconds", 14),
    changed("maxFutureSeconds", 300),
    changed("maxFutureSeconds", 3),
    changed("perBlock", 1000, "freeAnchors"),
    changed("maxBlockBytes", 29_800),
    changed("easeAfterSeconds", 15),
    changed("easeAfterSeconds", 0),
    changed("perAccountPerBlock", 100, "freeAnchors"),
    changed("initialBits", JSON.parse(shipped).powLimitBits),
    changed("claimWithinBlocks", 2, "names"),
    changed("lifeBlocks", 5760, "names"),
    signers([ALICE.account], 1),
    signers([ALICE.account, BOB.account, CAROL.account], 3),
  ];
  for (const text of edges) assert.equal(refusal(text), "accepted");
});

test("arbitrary text, and the shipped file with any character changed, gets a verdict", () => {
  const edits = fc.tuple(fc.nat(shipped.length - 1), fc.string({ maxLength: 2 }));
  const edited = edits.map(([at, text]) => shipped.slice(0, at) + text + shipped.slice(at + 1));
  fc.assert(
    fc.property(fc.oneof(edited, fc.string(), fc.json()), (text) => {
      const network = loadNetwork(text);
      if (!network.ok) assert.ok(network.fault.cause.length > 0);
    }),
    { numRuns: 300 },
  );
});
