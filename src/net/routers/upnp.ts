/**
 * Owns finding routers by UPnP and asking them for a mapped TCP port: the search on each interface, and HTTP bounded in
 * size and time. Only whoever answers the search itself is spoken to, and only under its own address.
 */
import { createSocket } from "node:dgram";
import { request } from "node:http";
import { fail, ok, type Problem, type Result } from "#base/result.ts";
import type { Clock } from "#ports/clock.ts";
import {
  UPNP_ANSWER_BYTES_MAX,
  UPNP_REQUEST_TIMEOUT_MS,
  UPNP_ROUTERS_MAX,
  UPNP_SEARCH_MS,
} from "../limits.ts";
import { type Mapped, mappingProblems, type Router } from "./mapping.ts";
import {
  actionRequest,
  type ControlPoint,
  controlPointOf,
  errorCodeOf,
  externalHostOf,
  locationOf,
  SEARCH_TARGETS,
  searchRequest,
} from "./upnp-messages.ts";

const SEARCH_HOST = "239.255.255.250";
const SEARCH_PORT = 1900;
/** WANIPConnection:1 section 2.4.16: the router keeps mappings until they are taken back, and no other way. */
const ONLY_PERMANENT = 725;

export interface UpnpOptions {
  /** IPv4 addresses of the interfaces on which routers are looked for. */
  readonly interfaces: readonly string[];
  /** Whom to ask; the group of all UPnP devices when absent. */
  readonly search?: { readonly host: string; readonly port: number };
}

/** Routers that map ports; empty when none answers within a moment. Never rejects. */
export async function findUpnpRouters(
  options: UpnpOptions,
  clock: Clock,
  signal: AbortSignal,
): Promise<readonly Router[]> {
  const answers = await Promise.all(options.interfaces.map((each) => searchOn(each, options, clock, signal)));
  const locations = new Map(answers.flat().map((url) => [url.hostname, url]));
  const routers = await Promise.all(
    [...locations.values()].slice(0, UPNP_ROUTERS_MAX).map(async (location) => {
      const description = await http(location, { method: "GET" }, clock, signal);
      const point = description === null ? null : controlPointOf(description.text, location);
      return point === null ? [] : [routerAt(point, location.hostname, clock)];
    }),
  );
  return routers.flat();
}

async function searchOn(
  address: string,
  { search = { host: SEARCH_HOST, port: SEARCH_PORT } }: UpnpOptions,
  clock: Clock,
  signal: AbortSignal,
): Promise<readonly URL[]> {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const found: URL[] = [];
  const finish = () => resolve(undefined);
  const socket = createSocket("udp4");
  socket.on("error", finish);
  socket.on("message", (message, from) => {
    const url = locationOf(message, from.address);
    if (url !== null && found.length < UPNP_ROUTERS_MAX) found.push(url);
  });
  const timer = clock.after(UPNP_SEARCH_MS, finish);
  socket.bind({ address, port: 0 }, () => {
    for (const target of SEARCH_TARGETS) {
      const bytes = searchRequest(target, `${SEARCH_HOST}:${SEARCH_PORT}`);
      socket.send(bytes, search.port, search.host, () => undefined);
    }
  });
  signal.addEventListener("abort", finish, { once: true });
  await promise;
  signal.removeEventListener("abort", finish);
  timer.cancel();
  socket.removeAllListeners("error").on("error", () => undefined);
  socket.close();
  return found;
}

function routerAt(point: ControlPoint, gateway: string, clock: Clock): Router {
  const act = async (action: string, values: Readonly<Record<string, string>>, signal: AbortSignal) => {
    const body = actionRequest(point.service, action, values);
    const headers = {
      "content-type": 'text/xml; charset="utf-8"',
      "content-length": String(Buffer.byteLength(body)),
      soapaction: `"${point.service}#${action}"`,
    };
    return await http(point.url, { method: "POST", headers, body }, clock, signal);
  };
  return {
    protocol: "upnp",
    gateway,
    async map(internalPort, externalPort, lifetimeSeconds, signal): Promise<Result<Mapped, Problem>> {
      const own = await http(point.url, { method: "HEAD" }, clock, signal);
      const ask = async (lease: number) =>
        await act(
          "AddPortMapping",
          {
            NewRemoteHost: "",
            NewExternalPort: String(externalPort),
            NewProtocol: "TCP",
            NewInternalPort: String(internalPort),
            NewInternalClient: own?.localAddress ?? "",
            NewEnabled: "1",
            NewPortMappingDescription: "Waybill",
            NewLeaseDuration: String(lease),
          },
          signal,
        );
      let lease = lifetimeSeconds;
      let answer = own === null ? null : await ask(lease);
      if (answer !== null && !answer.isOk && errorCodeOf(answer.text) === ONLY_PERMANENT) {
        lease = 0;
        answer = await ask(lease);
      }
      if (answer === null) return fail(mappingProblems.silent(gateway));
      if (!answer.isOk) {
        return fail(mappingProblems.refused(gateway, `UPnP code ${errorCodeOf(answer.text) ?? "not told"}`));
      }
      const outside = await act("GetExternalIPAddress", {}, signal);
      const externalHost = outside?.isOk === true ? externalHostOf(outside.text) : null;
      return ok({ externalHost, externalPort, lifetimeSeconds: lease });
    },
    async unmap(_internalPort, externalPort, signal) {
      const values = { NewRemoteHost: "", NewExternalPort: String(externalPort), NewProtocol: "TCP" };
      await act("DeletePortMapping", values, signal);
    },
  };
}

interface HttpAnswer {
  readonly isOk: boolean;
  readonly text: string;
  /** Of this computer, as the router sees it. */
  readonly localAddress: string;
}

interface HttpRequest {
  readonly method: "GET" | "HEAD" | "POST";
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Null when nothing whole came in time. Follows no redirection. */
async function http(
  url: URL,
  { method, headers, body }: HttpRequest,
  clock: Clock,
  signal: AbortSignal,
): Promise<HttpAnswer | null> {
  if (signal.aborted) return null;
  const { promise, resolve } = Promise.withResolvers<HttpAnswer | null>();
  const giveUp = () => resolve(null);
  const timer = clock.after(UPNP_REQUEST_TIMEOUT_MS, giveUp);
  const outgoing = request(url, { method, headers: { ...headers, connection: "close" } }, (response) => {
    const parts: Buffer[] = [];
    let bytes = 0;
    response.on("data", (part: Buffer) => {
      bytes += part.length;
      if (bytes > UPNP_ANSWER_BYTES_MAX) giveUp();
      else parts.push(part);
    });
    response.on("error", giveUp);
    response.on("end", () =>
      resolve({
        isOk: response.statusCode === 200,
        text: Buffer.concat(parts).toString("utf8"),
        localAddress: response.socket.localAddress ?? "",
      }),
    );
  });
  outgoing.on("error", giveUp);
  outgoing.end(body);
  signal.addEventListener("abort", giveUp, { once: true });
  const answer = await promise;
  signal.removeEventListener("abort", giveUp);
  timer.cancel();
  outgoing.destroy();
  return answer;
}
