/** The doctor: looks at this computer and at what the peer reports, and says what helps and what hinders. */
export { bySeriousness, finding } from "./catalogue.ts";
export { judgeClock } from "./judge-clock.ts";
export { type ComputerContext, judgeComputer } from "./judge-computer.ts";
export {
  type DoorMode,
  hasPassing,
  judgeListening,
  judgePorts,
  type ListeningContext,
  lasting,
  PAGE,
} from "./judge-listening.ts";
export { judgePerson, type PersonContext, type PersonSeen } from "./judge-person.ts";
export { judgeReach, type ReachContext } from "./judge-reach.ts";
export { openPeerClocks, type PeerClocks } from "./peer-clocks.ts";
export { type ProbeDependencies, probeComputer, probeInterfaces } from "./probe-computer.ts";
export { probeSockets } from "./probe-sockets.ts";
export { nodeSystem, type System } from "./system.ts";
export type { ClockSeen, ComputerSeen, Detail, Finding, Level, UsualPort } from "./types.ts";
