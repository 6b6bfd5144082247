/** Owns what a person is told when the networks of this computer, as they are now, let nobody nearby be found. */
import { networkInterfaces } from "node:os";
import { type Problem, problem } from "#base/result.ts";
import { addressOf, isDialable } from "./addresses.ts";

/** The slice of `os.networkInterfaces()` that is looked at. */
export type Interfaces = NodeJS.Dict<
  readonly { readonly address: string; readonly family: "IPv4" | "IPv6"; readonly internal: boolean }[]
>;

export function lanWarnings(
  wantsMdns: boolean,
  interfaces: Interfaces = networkInterfaces(),
): readonly Problem[] {
  const outward = Object.values(interfaces)
    .flatMap((addresses) => addresses ?? [])
    .filter(({ address, internal }) => !internal && isDialable(addressOf(address, 1) ?? ""));
  if (outward.length === 0) {
    return [
      problem(
        "no-network",
        "This computer has no address on any network (a link-local IPv6 one does not count), so only peers on this computer can be reached.",
        "Connect a cable or join a wireless network; nothing needs to be restarted.",
      ),
    ];
  }
  if (!wantsMdns || outward.some(({ family }) => family === "IPv4")) return [];
  return [
    problem(
      "mdns-unavailable",
      "mDNS needs IPv4, and no interface has an IPv4 address.",
      "Nothing to do: peers nearby are found by announcements as well.",
    ),
  ];
}
