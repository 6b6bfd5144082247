/**
 * Owns who may ask at all: this computer's own programs that know the token, and the page served from here. Keeps
 * out other web pages (Origin, and DNS rebinding by Host) and other users of the computer (token).
 */
import { createHash, timingSafeEqual } from "node:crypto";
import { type Problem, problem } from "#base/result.ts";

export interface Refusal {
  readonly status: 401 | 403 | 421;
  readonly problem: Problem;
}

const LOOPBACK_NAMES = ["127.0.0.1", "localhost", "[::1]"] as const;

/**
 * What `Host` may say: this computer's names for itself with our port, and the address at which users open the page,
 * which is another where a container's port is published.
 *
 * @param publicOrigin as in `http://127.0.0.1:4751`.
 */
export function hostsOf(port: number, publicOrigin: string): ReadonlySet<string> {
  const own = LOOPBACK_NAMES.flatMap((name) => hostAndPort(name, String(port)));
  const { hostname, port: publicPort } = new URL(publicOrigin);
  const names = LOOPBACK_NAMES.some((name) => name === hostname) ? LOOPBACK_NAMES : [hostname];
  return new Set([...own, ...names.flatMap((name) => hostAndPort(name, publicPort || "80"))]);
}

function hostAndPort(name: string, port: string): readonly string[] {
  return port === "80" ? [`${name}:80`, name] : [`${name}:${port}`];
}

/** Refuses requests that name another host, or come from a page that is not ours; `null` lets them pass. */
export function checkHostAndOrigin(hosts: ReadonlySet<string>, headers: Headers): Refusal | null {
  const host = headers.get("Host")?.toLowerCase() ?? "";
  if (!hosts.has(host)) {
    return {
      status: 421,
      problem: problem(
        "wrong-host",
        "The request was addressed to a name that is not this peer's.",
        `Use http://${[...hosts][0]}, or start the peer with --ui-origin.`,
      ),
    };
  }
  const origin = headers.get("Origin");
  if (origin !== null && !(origin.startsWith("http://") && hosts.has(origin.slice("http://".length)))) {
    return {
      status: 403,
      problem: problem(
        "wrong-origin",
        "The request came from a page of another site.",
        "Use the page that the peer itself serves.",
      ),
    };
  }
  return null;
}

/** The token is compared by digest and in constant time, so that neither its length nor its start can be timed. */
export function createTokenCheck(token: string): (headers: Headers) => Refusal | null {
  const digestOf = (text: string) => createHash("sha256").update(text).digest();
  const expected = digestOf(token);
  return (headers) => {
    const given = /^Bearer ([\x21-\x7e]+)$/i.exec(headers.get("Authorization") ?? "")?.[1];
    if (given !== undefined && timingSafeEqual(digestOf(given), expected)) return null;
    return {
      status: 401,
      problem: problem(
        "wrong-token",
        given === undefined ? "The request carried no token." : "The token is not that of this peer.",
        "Open the page by the URL that waybill start printed, or read the token from api.json in the data folder.",
      ),
    };
  };
}

/**
 * Scripts, fonts and connections come from this server alone. Styles may be inline: the page's component library
 * writes its variables into a style element, and a style can neither run nor, under this policy, load anything.
 */
const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "font-src 'self'",
  "img-src 'self' data: blob:",
  "connect-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

const EVERYWHERE = {
  "X-Content-Type-Options": "nosniff",
  "X-Frame-Options": "DENY",
  "Referrer-Policy": "no-referrer",
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Resource-Policy": "same-origin",
} as const;

/** Headers of the page and its parts. */
export const PAGE_HEADERS: Readonly<Record<string, string>> = {
  ...EVERYWHERE,
  "Content-Security-Policy": PAGE_POLICY,
  "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
};

/** Headers of everything that is data: shown in a tab, it can do nothing. */
export const DATA_HEADERS: Readonly<Record<string, string>> = {
  ...EVERYWHERE,
  "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
  "Cache-Control": "no-store",
};
