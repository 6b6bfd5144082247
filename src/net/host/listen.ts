/** Owns on which addresses we listen: what was asked for, with ports that are taken stepped over and said so. */
import { createServer } from "node:net";
import { type Problem, problem } from "#base/result.ts";
import { addressOf, endpointOf, isLoopback } from "../addresses.ts";
import { LISTEN_PORT_DEFAULT, LISTEN_PORT_STEPS_MAX } from "../limits.ts";

export interface ListenPlan {
  /** Multiaddrs that were free a moment ago. */
  readonly addresses: readonly string[];
  readonly warnings: readonly Problem[];
}

type Trial = "free" | "taken" | "unavailable";

/** @param asked multiaddrs or `host:port`; absent: all interfaces, on the usual port. */
export async function planListening(asked: readonly string[] | undefined): Promise<ListenPlan> {
  return asked === undefined ? await planUsual() : await planAsked(asked);
}

async function planUsual(): Promise<ListenPlan> {
  const warnings: Problem[] = [];
  for (let step = 0; step <= LISTEN_PORT_STEPS_MAX; step++) {
    const port = LISTEN_PORT_DEFAULT + step;
    const [four, six] = [await tryPort("0.0.0.0", port), await tryPort("::", port)];
    if (four === "taken" || six === "taken") continue;
    if (step > 0) warnings.push(steppedOver(LISTEN_PORT_DEFAULT, port));
    if (six === "unavailable") warnings.push(withoutFamily("IPv6"));
    if (four === "unavailable") warnings.push(withoutFamily("IPv4"));
    const addresses: string[] = [];
    if (four === "free") addresses.push(`/ip4/0.0.0.0/tcp/${port}`);
    if (six === "free") addresses.push(`/ip6/::/tcp/${port}`);
    return { addresses, warnings };
  }
  return { addresses: [], warnings: [notListening(`ports ${LISTEN_PORT_DEFAULT} and up are all taken`)] };
}

/** Linux and macOS give them to administrators alone, or to who was given the right. */
const PRIVILEGED_PORTS_END = 1024;

async function planAsked(asked: readonly string[]): Promise<ListenPlan> {
  const addresses: string[] = [];
  const warnings: Problem[] = [];
  for (const text of asked) {
    const address = parseListenAddress(text);
    const free = address === null ? null : await nearestFree(address);
    if (address === null) {
      warnings.push(notListening(`"${text}" is not an address to listen on`));
    } else if (free === null) {
      const isLow = (endpointOf(address)?.port ?? 0) < PRIVILEGED_PORTS_END;
      const forbidden = isLow ? `, or ports below ${PRIVILEGED_PORTS_END} are not allowed to this user` : "";
      warnings.push(notListening(`${text} is not an address of this computer, or is not free${forbidden}`));
    } else {
      addresses.push(free);
      const [wanted, got] = [endpointOf(address)?.port, endpointOf(free)?.port];
      if (wanted !== undefined && got !== undefined && wanted !== got)
        warnings.push(steppedOver(wanted, got));
    }
  }
  return { addresses, warnings };
}

/** An IP address and TCP port of this computer; port 0 lets the system choose. Null when it is none. */
export function parseListenAddress(text: string): string | null {
  const match = /^(?:\[([^\]]+)\]|([^:/]+)):(\d{1,5})$/.exec(text.trim());
  const typed = match === null ? text.trim() : addressOf(match[1] ?? match[2] ?? "", Number(match[3]));
  const endpoint = typed === null ? null : endpointOf(typed);
  return endpoint === null || endpoint.kind === "dns" ? null : addressOf(endpoint.host, endpoint.port);
}

async function nearestFree(address: string): Promise<string | null> {
  const endpoint = endpointOf(address);
  if (endpoint === null) return null;
  if (endpoint.port === 0) return address;
  for (let port = endpoint.port; port <= Math.min(65535, endpoint.port + LISTEN_PORT_STEPS_MAX); port++) {
    const trial = await tryPort(endpoint.host, port);
    if (trial === "free") return addressOf(endpoint.host, port);
    if (trial === "unavailable") return null;
  }
  return null;
}

function tryPort(host: string, port: number): Promise<Trial> {
  const { promise, resolve } = Promise.withResolvers<Trial>();
  const server = createServer();
  server.once("error", (error) => {
    resolve("code" in error && error.code === "EADDRINUSE" ? "taken" : "unavailable");
  });
  server.listen({ host, port, ipv6Only: true, exclusive: true }, () => server.close(() => resolve("free")));
  return promise;
}

/** Whether everything we listen on is on this computer alone. */
export function isLoopbackOnly(addresses: readonly string[]): boolean {
  return addresses.length > 0 && addresses.every(isLoopback);
}

function steppedOver(wanted: number, got: number): Problem {
  return problem(
    "port-taken",
    `TCP port ${wanted} was taken, so this peer listens on ${got}.`,
    "Nothing to do, unless your firewall lets in only the usual port.",
  );
}

function withoutFamily(family: "IPv4" | "IPv6"): Problem {
  return problem(
    family === "IPv6" ? "ipv6-unavailable" : "ipv4-unavailable",
    `This computer has no ${family}.`,
    `Nothing to do, unless others can only be reached over ${family}.`,
  );
}

export function notListening(why: string): Problem {
  return problem(
    "not-listening",
    `Others cannot connect to this peer there: ${why}.`,
    "Give a free address with --listen; connecting from here to others still works.",
  );
}
