/**
 * Owns looking for peers behind open ports: connects to many places at once, within bounds, and asks those that answer
 * who they are by the handshake alone. What is found is told to `onPeer`; who dials it is not known here.
 */
import type { PeerId } from "#base/brand.ts";
import { fail, ok, type Problem, problem, type Result } from "#base/result.ts";
import type { Clock } from "#ports/clock.ts";
import { addressOf } from "../addresses.ts";
import { SCAN_KNOCKS_AT_ONCE_MAX, SCAN_REPORTED_MAX } from "../limits.ts";
import type { ScanReport, ScanRequest } from "../reach.ts";
import { planScan, type ScanPlan } from "./scan-plan.ts";

export interface ScanDependencies {
  readonly clock: Clock;
  readonly self: PeerId;
  /** Whether something accepts connections there. Never rejects. */
  readonly knock: (host: string, port: number, signal: AbortSignal) => Promise<boolean>;
  /** Who proves to be at a multiaddr; null when what answers there is no peer. Never rejects. */
  readonly identify: (address: string, signal: AbortSignal) => Promise<PeerId | null>;
  /** An IP address of a name; null when it has none. Never rejects. */
  readonly lookUp: (name: string) => Promise<string | null>;
  readonly onPeer: (peer: PeerId, address: string) => void;
}

/** Ends early, with a problem, when `signal` does. */
export async function scan(
  request: ScanRequest,
  dependencies: ScanDependencies,
  signal: AbortSignal,
): Promise<Result<ScanReport, Problem>> {
  const planned = planScan(request);
  if (!planned.ok) return planned;
  const hosts = await resolved(planned.value, dependencies);
  if (!hosts.ok) return hosts;
  const startMs = dependencies.clock.monotonicMs();
  const { ports } = planned.value;
  const found = new Findings(dependencies);
  const places = placesOf(hosts.value, ports);
  const work = async () => {
    for (const { host, port } of places) {
      if (signal.aborted) return;
      if (await dependencies.knock(host, port, signal)) await found.ask(host, port, signal);
    }
  };
  const workers = Math.min(SCAN_KNOCKS_AT_ONCE_MAX, hosts.value.length * ports.length);
  await Promise.all(Array.from({ length: workers }, work));
  if (signal.aborted) return fail(brokenOff());
  return ok({
    hosts: hosts.value.length,
    portsTried: hosts.value.length * ports.length,
    tookMs: dependencies.clock.monotonicMs() - startMs,
    ...found.report(),
  });
}

async function resolved(
  plan: ScanPlan,
  { lookUp }: ScanDependencies,
): Promise<Result<readonly string[], Problem>> {
  const [name] = plan.hosts;
  if (!plan.isName || name === undefined) return ok(plan.hosts);
  const host = await lookUp(name);
  return host === null ? fail(nameUnknown(name)) : ok([host]);
}

/** One port on every host before the next: no host is knocked at faster than it must be. */
function* placesOf(
  hosts: readonly string[],
  ports: readonly number[],
): Generator<{ readonly host: string; readonly port: number }> {
  for (const port of ports) for (const host of hosts) yield { host, port };
}

class Findings {
  readonly #dependencies: ScanDependencies;
  readonly #peers: { peer: PeerId; address: string }[] = [];
  readonly #others: string[] = [];

  constructor(dependencies: ScanDependencies) {
    this.#dependencies = dependencies;
  }

  async ask(host: string, port: number, signal: AbortSignal): Promise<void> {
    const address = addressOf(host, port);
    if (address === null) return;
    const { identify, self, onPeer } = this.#dependencies;
    const peer = await identify(address, signal);
    if (signal.aborted || peer === self) return;
    if (peer === null) {
      if (this.#others.length < SCAN_REPORTED_MAX) this.#others.push(address);
      return;
    }
    if (this.#peers.length < SCAN_REPORTED_MAX) this.#peers.push({ peer, address });
    onPeer(peer, address);
  }

  report(): Pick<ScanReport, "peers" | "others"> {
    return { peers: [...this.#peers], others: [...this.#others].sort() };
  }
}

function nameUnknown(name: string): Problem {
  return problem("name-unknown", `The name ${name} is not known.`, "Give its IP address instead.");
}

function brokenOff(): Problem {
  return problem("scan-broken-off", "The scan was ended before it was done.", "Start it again.");
}
