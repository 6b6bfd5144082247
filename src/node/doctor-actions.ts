/**
 * Owns the examination as a user asks for it: gathers what the peer knows, lets the doctor look at the computer, and
 * words both as one view. The same without a peer, for a command that finds none running.
 */
import type { DoctorView, FindingView } from "#api/views.ts";
import type { PeerId } from "#base/brand.ts";
import { ok, type Problem } from "#base/result.ts";
import type { Chain } from "#chain/index.ts";
import {
  bySeriousness,
  type ComputerSeen,
  type Finding,
  finding,
  hasPassing,
  judgeClock,
  judgeComputer,
  judgeListening,
  judgePerson,
  judgePorts,
  judgeReach,
  lasting,
  nodeSystem,
  type PeerClocks,
  type PersonSeen,
  probeComputer,
  probeInterfaces,
  probeSockets,
  type System,
  type UsualPort,
} from "#doctor/index.ts";
import type { PeerNetwork } from "#net/index.ts";
import type { Clock } from "#ports/clock.ts";
import type { Facade } from "./facade.ts";
import { SECOND_LOOK_MS } from "./limits.ts";
import type { Listening } from "./listening.ts";
import type { Persons } from "./person-view.ts";
import { systemClock } from "./system.ts";

/** What a peer takes when nothing else is said; docs/network.md names them to firewall people. */
const USUAL_PORTS: readonly UsualPort[] = [
  { transport: "tcp", port: 28_411, what: "other peers" },
  { transport: "udp", port: 28_411, what: "announcements of peers nearby" },
  { transport: "tcp", port: 4_747, what: "the page" },
];

const USUAL = new Set(USUAL_PORTS.map(({ port }) => port));

interface Parts {
  readonly dataDir: string;
  readonly version: string;
  readonly network: Pick<
    PeerNetwork,
    "network" | "directory" | "warnings" | "reach" | "attempts" | "isAtTracker" | "doors"
  >;
  readonly persons: Pick<Persons, "resolve" | "view">;
  readonly listening: () => readonly Listening[];
  /** Names of interfaces that the user left out. */
  readonly excludedInterfaces: readonly string[];
  /** Whether this peer announces itself. */
  readonly looksNearby: boolean;
  readonly peerClocks: Pick<PeerClocks, "ask">;
  readonly chain: Pick<Chain, "network" | "problem">;
  readonly clock: Clock;
  /** Absent: this computer. */
  readonly system?: System;
}

export function doctorActions(parts: Parts): Pick<Facade, "doctor" | "doctorPerson"> {
  const { clock, dataDir, system = nodeSystem } = parts;
  let running: Promise<DoctorView> | null = null;

  async function examineAll(): Promise<DoctorView> {
    const looking = probeComputer({ dataDir, ports: USUAL }, { system, clock });
    const [computer, peers] = await Promise.all([looking, parts.peerClocks.ask()]);
    const sockets = await lastingSockets(parts, computer);
    return viewOf(examine(parts, { ...computer, sockets }, peers), clock.nowMs(), null);
  }

  return {
    // Whoever asks meanwhile is given the same examination: pages and scripts may ask as often as they like.
    doctor() {
      running ??= examineAll().finally(() => {
        running = null;
      });
      return running;
    },

    async doctorPerson(who) {
      const resolved = parts.persons.resolve(who);
      if (!resolved.ok) return resolved;
      const peer = resolved.value;
      const [interfaces, isAtTracker] = await Promise.all([
        probeInterfaces(system),
        parts.network.isAtTracker(peer),
      ]);
      const { name, online } = parts.persons.view(peer);
      const findings = examinePerson(parts, peer, { interfaces, isAtTracker });
      const person = { peerId: peer, name, online };
      return ok({ ...viewOf(findings, clock.nowMs(), person), findings: findings.map(findingView) });
    },
  };
}

/** Questions to routers and trackers wait for their answers on a port for some seconds: these are no finding. */
async function lastingSockets(parts: Parts, { sockets }: ComputerSeen): Promise<ComputerSeen["sockets"]> {
  const { clock, listening, system = nodeSystem } = parts;
  if (!hasPassing(sockets, listening())) return sockets;
  await new Promise<void>((resolve) => clock.after(SECOND_LOOK_MS, resolve));
  return lasting(sockets, await probeSockets(system, USUAL));
}

function examine(parts: Parts, computer: ComputerSeen, peerClocks: readonly number[]): readonly Finding[] {
  const { network, chain } = parts;
  const listed = parts.listening();
  const report = network.reach();
  return [
    finding("peer-running"),
    ...judgeComputer(computer, { tcpPorts: tcpPortsOf(listed), excluded: parts.excludedInterfaces }),
    ...judgeListening(computer.sockets, { listed, mode: parts.network.doors().mode, usual: USUAL_PORTS }),
    ...network.warnings().flatMap(fromWarning),
    ...judgeReach({
      report,
      nowMs: parts.clock.nowMs(),
      computer,
      looksNearby: parts.looksNearby,
      addressesInUse: network.network.connected().map(({ address }) => address),
    }),
    judgeClock({
      trackers: report.trackers.flatMap(({ clockOffsetMs }) => clockOffsetMs ?? []),
      peers: peerClocks,
      blockFutureMs: chain.network.params.maxFutureSeconds * 1_000,
      ledgerProblem: clockProblem(chain.problem()),
    }),
  ];
}

/** What the ledger noticed about clocks; its other troubles are no matter of time. */
function clockProblem(trouble: Problem | null): Problem | null {
  return trouble?.code === "clock-differs" ? trouble : null;
}

/** What the network says of itself and no other finding does. */
function fromWarning({ code, cause, nextStep }: Problem): readonly Finding[] {
  return code === "announcements-unavailable" ? [finding("announcement-port-held", { cause, nextStep })] : [];
}

function tcpPortsOf(listed: readonly Listening[]): readonly number[] {
  const ports = listed
    .filter(({ transport, address }) => transport === "tcp" && !/^(127\.|\[::1\])/.test(address))
    .map(({ address }) => Number(/:(\d+)$/.exec(address)?.[1] ?? Number.NaN))
    .filter(Number.isInteger);
  return [...new Set(ports)];
}

function examinePerson(
  parts: Parts,
  peer: PeerId,
  { interfaces, isAtTracker }: Pick<ComputerSeen, "interfaces"> & Pick<PersonSeen, "isAtTracker">,
): readonly Finding[] {
  const { network, persons } = parts;
  const { name, blocked, standIn, problem, lastSeenMs } = persons.view(peer);
  const entry = network.directory.get(peer);
  return judgePerson(
    {
      peer,
      name,
      blocked,
      held:
        problem?.code === "key-changed" ? problem : standIn === null ? null : heldOf(name, standIn.ofName),
      // The network knows that the ledgers differ; the chain knows which the other one is.
      entry: entry !== null && problem?.code === "other-network" ? { ...entry, problem } : entry,
      lastSeenMs,
      attempts: network.attempts(peer),
      isAtTracker,
    },
    {
      nowMs: parts.clock.nowMs(),
      interfaces,
      trackers: network.reach().trackers,
      mode: parts.network.doors().mode,
      version: parts.version,
    },
  );
}

function heldOf(name: string, ofName: string): Problem {
  return {
    code: "key-changed",
    cause: `${name} looks like ${ofName}, whom you know under another key. Nothing is sent to this key.`,
    nextStep:
      "Ask them over another channel whether they are new here, then accept the key or keep the two apart.",
  };
}

/** The examination of a computer on which no peer runs, or none that answers. */
export async function examineComputer(
  dataDir: string,
  why: "not-running" | "not-answering",
  system: System = nodeSystem,
): Promise<DoctorView> {
  const clock = systemClock(0);
  const computer = await probeComputer({ dataDir, ports: USUAL }, { system, clock });
  const tcpPorts = USUAL_PORTS.filter(({ transport }) => transport === "tcp").slice(0, 1);
  const findings = [
    finding(`peer-${why}`),
    ...judgeComputer(computer, { tcpPorts: tcpPorts.map(({ port }) => port), excluded: [] }),
    ...judgePorts(computer.sockets, USUAL_PORTS),
  ];
  return viewOf(findings, clock.nowMs(), null);
}

function viewOf(findings: readonly Finding[], checkedMs: number, person: DoctorView["person"]): DoctorView {
  return { checkedMs, person, findings: bySeriousness(findings).map(findingView) };
}

function findingView(each: Finding): FindingView {
  return { ...each, details: each.details.map((detail) => ({ ...detail })) };
}
