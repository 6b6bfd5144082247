/** Owns the commands about evidence: receipt, which saves a `.waybill` file, and verify, which needs no peer. */
import { readdirSync } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { Client } from "#api/client.ts";
import type { VerdictView } from "#api/views.ts";
import { equalBytes, utf8 } from "#base/bytes.ts";
import { ok, type Problem, problem, type Result } from "#base/result.ts";
import { openNetworkFile } from "#node/network-file.ts";
import { isStateFile } from "#node/state-proof-file.ts";
import {
  type ContentVerdict,
  GRADE_WORDS,
  type KnownNetwork,
  verifyContent,
  verifyWaybill,
  WAYBILL_BYTES_MAX,
  type Waybill,
} from "#receipts/index.ts";
import { readContent } from "../content-on-disk.ts";
import { failed, type Outcome } from "../outcome.ts";
import type { Session } from "../session.ts";
import type { Terminal } from "../terminal.ts";
import { oneLine } from "../terminal-text.ts";
import { sizeText } from "../words.ts";
import { findSlip } from "./deliveries.ts";
import { verifyState } from "./state-proofs.ts";
import { writeNew } from "./write-new.ts";

const NETWORKS = fileURLToPath(new URL("../../../networks", import.meta.url));

const NO_CONTENT = problem(
  "no-content",
  "A proof of the ledger's state speaks of no files, so there is nothing to compare.",
  "Leave the path out.",
);

const CHECKPOINT = problem(
  "is-a-checkpoint",
  "This is a checkpoint of a ledger, not the proof of a delivery.",
  "Check it with: waybill checkpoint verify FILE",
);
/** How a checkpoint's file begins (`spec/checkpoint.md`). */
const CHECKPOINT_START = utf8("waybill/");

const causeOf = (error: unknown) => (error instanceof Error ? error.message : String(error));

export interface ReceiptOptions {
  readonly output: string;
  readonly force: boolean;
}

export async function receipt(session: Session, id: string, options: ReceiptOptions): Promise<Outcome> {
  const slip = await findSlip(session.client, id);
  if (!slip.ok) return slip;
  const answer = await session.client.receipt(slip.value.id);
  if (!answer.ok) return failed(answer.fault);
  const path = resolve(options.output);
  const written = await writeNew(path, answer.value.bytes, options.force);
  if (!written.ok) return failed(written.fault);
  const { bytes } = answer.value;
  if (session.json) session.terminal.printJson({ path, bytes: bytes.length, state: slip.value.state });
  else {
    session.terminal.print(`Saved ${oneLine(path)} (${sizeText(bytes.length)}).`);
    if (slip.value.state !== "anchored") {
      session.terminal.print(
        "It is signed by both, and not yet anchored: save it again later for the ledger's proof.",
      );
    }
  }
  return ok();
}

export interface VerifyOptions {
  readonly terminal: Terminal;
  readonly json: boolean;
  /** Genesis file of the network the receipt is anchored in; `null`: whichever comes with Waybill and fits. */
  readonly networkFile: string | null;
  /** A running peer, whose chain can say more; `null` when there is none. */
  readonly client: Pick<Client, "verify" | "chain" | "blocks"> | null;
}

interface Judged {
  readonly verdict: VerdictView;
  readonly waybill: Waybill | null;
}

/** The networks that come with Waybill. One that cannot be read is left out. */
function shippedNetworks(): readonly KnownNetwork[] {
  return readdirSync(NETWORKS).flatMap((name) => {
    const network = openNetworkFile(join(NETWORKS, name));
    return network.ok ? [network.value] : [];
  });
}

/**
 * Without a peer the file speaks for itself; with one, its chain is asked too. Neither can mend a refusal: the peer knows
 * what work its own network demands, which this command knows of the networks that come with Waybill alone.
 */
async function judge(
  bytes: Uint8Array<ArrayBuffer>,
  options: VerifyOptions,
): Promise<Result<Judged, Problem>> {
  const named = options.networkFile === null ? null : openNetworkFile(options.networkFile);
  if (named?.ok === false) return named;
  const context = named === null ? { networks: shippedNetworks() } : { network: named.value };
  const { verdict, waybill } = verifyWaybill(bytes, context);
  if (!verdict.ok || options.client === null || options.networkFile !== null) return ok({ verdict, waybill });
  const asked = await options.client.verify(bytes);
  if (!asked.ok) return ok({ verdict, waybill });
  return ok(
    asked.value.ok
      ? { verdict: { ...verdict, ...asked.value }, waybill }
      : { verdict: asked.value, waybill: null },
  );
}

export async function verify(
  file: string,
  path: string | undefined,
  options: VerifyOptions,
): Promise<Outcome> {
  const bytes = await readWaybillFile(resolve(file));
  if (!bytes.ok) return failed(bytes.fault);
  if (isStateFile(bytes.value)) {
    return path === undefined ? await verifyState(bytes.value, options) : failed(NO_CONTENT);
  }
  if (equalBytes(bytes.value.subarray(0, CHECKPOINT_START.length), CHECKPOINT_START))
    return failed(CHECKPOINT);
  const judged = await judge(bytes.value, options);
  if (!judged.ok) return failed(judged.fault);
  const { verdict, waybill } = judged.value;
  let content: ContentVerdict | null = null;
  if (path !== undefined && waybill !== null) {
    const compared = await compareContent(waybill, resolve(path), options.terminal);
    if (!compared.ok) return failed(compared.fault);
    content = compared.value;
  }
  const whole = verdict.ok && content?.ok !== false;
  if (options.json) options.terminal.printJson({ ...verdict, ok: whole, content });
  else printVerdict(verdict, content, options.terminal);
  const refusal = verdict.problem ?? content?.problem ?? null;
  if (whole) return ok();
  return failed(refusal ?? problem("refused", "The file proves nothing.", "Ask the sender for it again."));
}

async function readWaybillFile(path: string): Promise<Result<Uint8Array<ArrayBuffer>, Problem>> {
  const unreadable = (cause: string): Result<never, Problem> => ({
    ok: false,
    fault: problem("file-unreadable", cause, "Check the name of the .waybill file."),
  });
  try {
    const found = await stat(path);
    // A device or a pipe has no end of its own.
    if (!found.isFile()) return unreadable(`${path} is not a file.`);
    if (found.size > WAYBILL_BYTES_MAX) return unreadable(`${path} is larger than any .waybill file.`);
    return ok(new Uint8Array(await readFile(path)));
  } catch (error) {
    return unreadable(`The file cannot be read (${causeOf(error)}).`);
  }
}

async function compareContent(
  waybill: Waybill,
  path: string,
  terminal: Terminal,
): Promise<Result<ContentVerdict, Problem>> {
  try {
    const content = await readContent(path, (bytes) => terminal.live(`comparing: ${sizeText(bytes)} read`));
    return ok(await verifyContent(waybill, content));
  } catch (error) {
    const cause = `The content cannot be read (${causeOf(error)}).`;
    return { ok: false, fault: problem("content-unreadable", cause, "Check the path and its permissions.") };
  } finally {
    terminal.live(null);
  }
}

function printVerdict(verdict: VerdictView, content: ContentVerdict | null, terminal: Terminal): void {
  const { check, cross, dot } = terminal.glyphs;
  const mark = (good: boolean) => (good ? terminal.style(check, "good") : terminal.style(cross, "bad"));
  const lines = [`${mark(verdict.ok)} ${GRADE_WORDS[verdict.grade]}`];
  lines.push(...verdict.statements.map((line) => `  ${check} ${oneLine(line)}`));
  lines.push(...verdict.limits.map((line) => `  ${dot} ${oneLine(line)}`));
  if (content !== null) {
    lines.push(
      `${mark(content.ok)} ${content.ok ? "The content is what was delivered" : "The content differs"}`,
    );
    lines.push(...content.statements.map((line) => `  ${check} ${oneLine(line)}`));
    const differences = [
      [content.changed, "changed"],
      [content.missing, "missing"],
      [content.extra, "not part of the delivery"],
    ] as const;
    for (const [paths, what] of differences) {
      lines.push(...paths.map((path) => `  ${cross} ${what}: ${oneLine(path)}`));
    }
  }
  terminal.print(lines.join("\n"));
}
