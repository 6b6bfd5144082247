/**
 * One key signs everything of a peer: libp2p's handshakes and records, receipts, transactions, checkpoints, what it says
 * of itself. No signature made for one of these may stand for another.
 */
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { test } from "node:test";
import type { BlockId, DeliveryId } from "#base/brand.ts";
import { concat, utf8 } from "#base/bytes.ts";
import { verify } from "#crypto/ed25519.ts";
import { cosign, cosignaturePreimage } from "#ledger/checkpoint.ts";
import { signingPreimage } from "#ledger/codec.ts";
import { signTransaction } from "#ledger/sign.ts";
import { ALICE, BOB } from "#ledger/test-chain.ts";
import { signAnnouncement } from "#net/discovery/announcement.ts";
import { signProfile } from "#net/discovery/profile.ts";
import { signPresence } from "#net/trackers/presence-record.ts";
import { encodeCompletionBody, encodeDispatchBody } from "#receipts/codec.ts";
import { type DispatchBody, signCompletion, signDispatch } from "#receipts/index.ts";

/** Each file that signs, and how what it signs begins. */
const DOMAINS: Readonly<Record<string, readonly string[]>> = {
  "src/ledger/checkpoint.ts": ["cosignature/v1\n"],
  "src/ledger/sign.ts": ["waybill-tx-v1\0"],
  "src/net/discovery/announcement.ts": ["waybill-announcement-v1\0"],
  "src/net/discovery/profile.ts": ["waybill-profile-v1\0"],
  "src/net/trackers/presence-record.ts": ["waybill-presence-v1\0"],
  "src/receipts/sign.ts": ["waybill-dispatch-v1\0", "waybill-completion-v1\0"],
};

/** What libp2p signs with the same key: Noise, TLS, pubsub, and signed envelopes, whose domain comes after its length. */
const OF_LIBP2P = [
  "noise-libp2p-static-key:",
  "libp2p-tls-handshake:",
  "libp2p-pubsub:",
  ...["libp2p-peer-record", "libp2p-relay-rsvp", "libp2p-routing-state"].map(
    (domain) => String.fromCharCode(domain.length) + domain,
  ),
];

const ROOT = new URL("../", import.meta.url);

function imports(source: string, name: string): boolean {
  const lists = [...source.matchAll(/import \{([^}]*)\} from "[^"]*\/ed25519\.ts"/g)];
  return lists.some(([, list = ""]) => list.split(",").some((part) => part.trim() === name));
}

test("every module that signs is known here, with the domain it signs under", () => {
  const sources = globSync("src/**/*.ts", { cwd: ROOT }).filter((file) => !file.endsWith(".test.ts"));
  const signers = sources.filter((file) => imports(readFileSync(new URL(file, ROOT), "utf8"), "sign"));
  assert.deepEqual(signers.sort(), Object.keys(DOMAINS).sort());
});

test("no domain of ours begins another, nor what libp2p signs with the same key", () => {
  const ours = Object.values(DOMAINS).flat();
  const all = [...ours, ...OF_LIBP2P];
  for (const [at, domain] of all.entries()) {
    const others = all.toSpliced(at, 1);
    assert.ok(
      others.every((other) => !other.startsWith(domain)),
      JSON.stringify(domain),
    );
  }
  // An envelope begins with the length of its domain: none is as long as the letter that ours begin with.
  for (const domain of ours) assert.ok(domain.charCodeAt(0) > 64, domain);
});

test("no two hashes of ours, signed or not, share the words they begin with", () => {
  const found = new Set<string>();
  for (const file of globSync("src/**/*.ts", { cwd: ROOT })) {
    if (file.endsWith(".test.ts")) continue;
    for (const [domain] of readFileSync(new URL(file, ROOT), "utf8").matchAll(
      /waybill-[a-z0-9-]+-v\d+\\0/g,
    )) {
      assert.ok(!found.has(domain), `${domain} stands twice`);
      found.add(domain);
    }
  }
  assert.ok(found.size > 15, `${found.size} domains`);
});

const DISPATCH: DispatchBody = {
  version: 1,
  kind: "message",
  deliveryId: "11".repeat(32) as DeliveryId,
  sender: ALICE.account,
  receiver: BOB.account,
  contentDigest: new Uint8Array(32),
  bytes: 1,
  fileCount: 0,
  dispatchedMs: 1_800_000_000_000,
};

/** Bytes that end with their own signature, under their domain. */
function closing(domain: string, bytes: Uint8Array): readonly [string, Uint8Array, Uint8Array] {
  return [domain, concat(utf8(domain), bytes.subarray(0, -64)), bytes.subarray(-64)];
}

/** Domain, what was signed, signature: of each kind, made by the code that makes them. */
function signatures(): readonly (readonly [string, Uint8Array, Uint8Array])[] {
  const chainId = new Uint8Array(32).fill(3);
  const said = { chainId, name: "alice", addresses: [], issuedMs: 1_800_000_000_000 };
  const terms = { from: ALICE.account, seq: 0, fee: 1, validUntil: 9, root: new Uint8Array(32) };
  const anchor = signTransaction({ type: "anchor", ...terms }, chainId, ALICE);
  const dispatch = signDispatch(DISPATCH, ALICE);
  const completion = signCompletion(
    { ...dispatch, body: { ...DISPATCH, receiver: ALICE.account } },
    5,
    ALICE,
  );
  const checkpoint = { chainId, height: 10, treeHash: chainId, blockId: "22".repeat(32) as BlockId };
  const announcement = {
    ...{ name: "alice", chainPrefix: chainId.slice(0, 8), runMs: 1, counter: 1 },
    ...{ isNewcomer: false, port: 4000, addresses: [] },
  };
  return [
    ["waybill-tx-v1\0", signingPreimage(anchor, chainId), anchor.signature],
    [
      "waybill-dispatch-v1\0",
      concat(utf8("waybill-dispatch-v1\0"), encodeDispatchBody(DISPATCH)),
      dispatch.signature,
    ],
    [
      "waybill-completion-v1\0",
      concat(utf8("waybill-completion-v1\0"), encodeCompletionBody(completion)),
      completion.signature,
    ],
    [
      "cosignature/v1\n",
      cosignaturePreimage(checkpoint, 7),
      cosign(checkpoint, 7, ALICE).signature.subarray(8),
    ],
    closing("waybill-profile-v1\0", signProfile({ ...said, version: "1", capabilities: [] }, ALICE).bytes),
    closing("waybill-presence-v1\0", signPresence({ ...said, ttlSeconds: 180, isListed: true }, ALICE).bytes),
    closing("waybill-announcement-v1\0", signAnnouncement(announcement, ALICE)),
  ];
}

test("each kind is signed over its domain first, and stands for nothing under another's", () => {
  const made = signatures();
  assert.deepEqual(made.map(([domain]) => domain).sort(), Object.values(DOMAINS).flat().sort());
  for (const [domain, preimage, signature] of made) {
    assert.deepEqual(preimage.subarray(0, domain.length), utf8(domain));
    assert.ok(verify(ALICE.publicKey, preimage, signature), JSON.stringify(domain));
    const rest = preimage.subarray(domain.length);
    for (const other of [...made.map(([each]) => each), ...OF_LIBP2P]) {
      if (other === domain) continue;
      assert.ok(!verify(ALICE.publicKey, concat(utf8(other), rest), signature));
    }
  }
});
