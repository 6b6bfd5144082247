/**
 * Owns the figure of header checks: a million headers of one chain, from their bytes, by all the rules, beside the
 * bare double SHA-256 of the same bytes. The chain is made anew each time: its targets are easy, nothing else is.
 */
import { EMPTY_PEAKS, rootOfPeaks } from "#crypto/merkle.ts";
import { sha256d } from "#crypto/sha256.ts";
import {
  blockIdOfHeader,
  checkHeader,
  decodeHeader,
  encodeHeader,
  HEADER_BYTES,
  type Header,
  meetsTarget,
  type Network,
  nextWork,
  workOfBits,
} from "#ledger/index.ts";
import { testNetwork } from "#ledger/test-chain.ts";
import { type HeaderPoint, historyAfter } from "../src/chain/header-point.ts";
import { type Findings, median } from "./figures.ts";

const HEADERS = 1_000_000;
const CHECKS = 3;
const NOW_SECONDS = 2 ** 40;
const LIMIT_SECONDS = 10;

function genesisPoint({ genesis }: Network): HeaderPoint {
  const { id, header } = genesis;
  return { id, header, history: historyAfter(EMPTY_PEAKS, id) };
}

/** One after another in one run of bytes. Times wander about the schedule, so that targets change all the time. */
function headerChain(network: Network, count: number): Uint8Array {
  const bytes = new Uint8Array(count * HEADER_BYTES);
  let parent = genesisPoint(network);
  for (let at = 0; at < count; at++) {
    const seconds = network.params.minGapSeconds + ((at * 7919) % 25);
    const mined = mine(nextHeader(parent, seconds, network));
    bytes.set(mined.bytes, at * HEADER_BYTES);
    parent = { ...mined, history: historyAfter(parent.history, mined.id) };
  }
  return bytes;
}

function nextHeader(parent: HeaderPoint, seconds: number, { params }: Network): Header {
  const { header } = parent;
  const time = header.time + seconds;
  const { bits, lag } = nextWork(header, time, params);
  return {
    ...header,
    height: header.height + 1,
    previous: parent.id,
    historyRoot: rootOfPeaks(parent.history),
    chainWork: header.chainWork + workOfBits(bits),
    bits,
    lag,
    time,
  };
}

function mine(header: Header) {
  const bytes = encodeHeader(header);
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  for (let nonce = 0n; ; nonce++) {
    view.setBigUint64(HEADER_BYTES - 8, nonce, true);
    const id = blockIdOfHeader(bytes);
    if (meetsTarget(id, header.bits)) return { id, bytes, header: { ...header, nonce } };
  }
}

/** As the sync does with what a peer sends. */
function checkAll(chain: Uint8Array, network: Network): void {
  let parent = genesisPoint(network);
  for (let at = 0; at < chain.length; at += HEADER_BYTES) {
    const bytes = chain.subarray(at, at + HEADER_BYTES);
    const header = decodeHeader(bytes);
    if (!header.ok) throw new Error(`header at ${at} does not decode`);
    const candidate = { id: blockIdOfHeader(bytes), header: header.value };
    const context = { parent, history: parent.history, nowSeconds: NOW_SECONDS };
    const fault = checkHeader(candidate, context, network.params);
    if (fault !== null) throw new Error(`header at ${at} is refused: ${fault.code}`);
    parent = { ...candidate, history: historyAfter(parent.history, candidate.id) };
  }
}

function hashAll(chain: Uint8Array): void {
  for (let at = 0; at < chain.length; at += HEADER_BYTES) sha256d(chain.subarray(at, at + HEADER_BYTES));
}

function secondsOf(work: () => void): number {
  const startedMs = performance.now();
  work();
  return (performance.now() - startedMs) / 1000;
}

export async function benchHeaders(): Promise<Findings> {
  const network = testNetwork();
  const chain = headerChain(network, HEADERS);
  const [checks, hashes]: [number[], number[]] = [[], []];
  for (let at = 0; at < CHECKS; at++) {
    hashes.push(secondsOf(() => hashAll(chain)));
    checks.push(secondsOf(() => checkAll(chain, network)));
  }
  const [value, bare] = [median(checks), median(hashes)];
  const part = "headers";
  const target = { words: `at most ${LIMIT_SECONDS} s`, met: value <= LIMIT_SECONDS };
  return {
    figures: [
      { part, what: `${HEADERS} headers checked, all rules`, value, unit: "s", runs: checks, target },
      { part, what: "bare double SHA-256 of their bytes", value: bare, unit: "s", runs: hashes },
      { part, what: "the check against bare hashing", value: value / bare, unit: "times", runs: [] },
    ],
    gaps: [],
  };
}
