/**
 * Owns the figures of bulk data: one large file from disk to disk between two peers, beside what the same computer
 * does with `scp` and with a bare TLS connection in the same minutes. Each round runs all three, because two noisy
 * cores give other figures from one minute to the next; ratios are taken within a round.
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { closeSync, fsyncSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { must, type RealPeer } from "../tools/real-peer.ts";
import { type Figure, type Findings, type Gap, median } from "./figures.ts";
import { residentBytes, withFolder, withPair } from "./peers.ts";
import { openScp, type Scp } from "./scp.ts";
import { runTlsPipe } from "./tls-pipe.ts";

const MIB = 1024 * 1024;
const ROUNDS = 3;
const TRANSFER_TIMEOUT_MS = 180_000;
const PART = "transfer";

interface Round {
  readonly waybill: number;
  readonly scp: number | null;
  readonly tls: number | null;
}

export function benchTransfer(bytes: number): Promise<Findings> {
  return withFolder(async (folder) => {
    const source = join(folder, "source.bin");
    makeFile(source, bytes);
    const scp = await openScp(join(folder, "ssh"));
    const certificate = makeCertificate(folder);
    const rounds: Round[] = [];
    let peakBytes = 0;
    try {
      await withPair(folder, async (alice, bob) => {
        for (let at = 0; at < ROUNDS; at++) {
          const waybill = await sendOnce(alice, bob, source);
          peakBytes = Math.max(peakBytes, residentBytes(bob.pid) ?? 0);
          const target = join(folder, "target.bin");
          const round = {
            waybill,
            scp: "copy" in scp ? await scp.copy(source, target) : null,
            tls: certificate === null ? null : await runTlsPipe({ ...certificate, source, target }),
          };
          rmSync(target, { force: true });
          rounds.push(round);
        }
      });
    } finally {
      if ("copy" in scp) await scp.close();
    }
    return summarise(rounds, bytes, peakBytes, scp, certificate !== null);
  });
}

function summarise(
  rounds: readonly Round[],
  bytes: number,
  peakBytes: number,
  scp: Scp | { readonly why: string },
  hasTls: boolean,
): Findings {
  const size = `${Math.round(bytes / MIB)} MiB disk to disk`;
  const speed = (what: string, seconds: readonly number[]): Figure => {
    const runs = seconds.map((one) => bytes / 1e6 / one);
    return { part: PART, what: `${size}, ${what}`, value: median(runs), unit: "MB/s", runs };
  };
  const ratio = (what: string, other: (round: Round) => number | null): Figure[] => {
    const runs = rounds.flatMap((round) => {
      const seconds = other(round);
      return seconds === null ? [] : [seconds / round.waybill];
    });
    return runs.length === 0
      ? []
      : [{ part: PART, what: `Waybill against ${what}`, value: median(runs), unit: "times", runs }];
  };
  const present = (values: readonly (number | null)[]) => values.filter((value) => value !== null);
  const gaps: Gap[] = [];
  if ("why" in scp) gaps.push({ part: PART, what: "scp with aes128-gcm", why: scp.why });
  if (!hasTls) gaps.push({ part: PART, what: "bare node:tls pipe", why: "openssl is not installed" });
  return {
    figures: [
      speed(
        "Waybill, verified and synced",
        rounds.map((round) => round.waybill),
      ),
      ...("why" in scp
        ? []
        : [speed("scp aes128-gcm, not synced", present(rounds.map((round) => round.scp)))]),
      ...(hasTls ? [speed("bare node:tls, synced", present(rounds.map((round) => round.tls)))] : []),
      ...ratio("scp", (round) => round.scp),
      ...ratio("bare node:tls", (round) => round.tls),
      ...(peakBytes > 0
        ? [
            {
              part: PART,
              what: "receiver's resident memory afterwards",
              value: peakBytes / 1e6,
              unit: "MB",
              runs: [],
            },
          ]
        : []),
    ],
    gaps,
  };
}

/** @returns seconds from the request until the sender holds the receiver's signature for every byte. */
async function sendOnce(alice: RealPeer, bob: RealPeer, source: string): Promise<number> {
  const { peerId } = await must(bob.client.status());
  const startedMs = performance.now();
  const sent = await must(alice.client.sendPaths(peerId, [source]));
  await alice.until("has the file delivered", TRANSFER_TIMEOUT_MS, async () => {
    const slip = await must(alice.client.slip(sent.id));
    if (slip.state === "failed") throw new Error(slip.reason?.cause ?? "the transfer failed");
    return ["delivered", "receipted", "anchored"].includes(slip.state) ? true : null;
  });
  const seconds = (performance.now() - startedMs) / 1000;
  const { savedTo } = await must(bob.client.slip(sent.id));
  if (savedTo !== null) rmSync(savedTo, { recursive: true, force: true });
  return seconds;
}

/** Bytes that do not compress, synced, so that no round pays for writing its own source. */
function makeFile(path: string, bytes: number): void {
  const file = openSync(path, "w");
  for (let at = 0; at < bytes; at += MIB) {
    const count = Math.min(MIB, bytes - at);
    writeSync(file, createHash("shake128", { outputLength: count }).update(String(at)).digest());
  }
  fsyncSync(file);
  closeSync(file);
}

function makeCertificate(folder: string): { keyFile: string; certificateFile: string } | null {
  const [keyFile, certificateFile] = [join(folder, "tls.key"), join(folder, "tls.crt")];
  try {
    execFileSync(
      "openssl",
      [
        ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"],
        ...["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"],
        ...["-keyout", keyFile, "-out", certificateFile],
      ],
      { stdio: "ignore" },
    );
    return { keyFile, certificateFile };
  } catch {
    return null;
  }
}
