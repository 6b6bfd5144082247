/** Owns what a person is told when the networks of this computer, as they are now, let nobody nearby be found. */
import { networkInterfaces } from "node:os";
import { type Problem, problem } from "#base/result.ts";
import { addressOf, isDialable } from "../addresses.ts";

/** The slice of `os.networkInterfaces()` that is looked at. */
export type Interfaces = NodeJS.Dict<
  readonly { readonly address: string; readonly family: "IPv4" | "IPv6"; readonly internal: boolean }[]
>;

export interface LanWishes {
  readonly mdns: boolean;
  /** Names of interfaces that the user left out. */
  readonly excluded: ReadonlySet<string>;
}

export function lanWarnings(
  { mdns: wantsMdns, excluded }: LanWishes,
  interfaces: Interfaces = networkInterfaces(),
): readonly Problem[] {
  const names = Object.keys(interfaces).filter((name) => outwardOf(interfaces[name]).length > 0);
  const used = names.filter((name) => !excluded.has(name));
  const outward = used.flatMap((name) => outwardOf(interfaces[name]));
  if (names.length > 0 && used.length === 0) {
    return [
      problem(
        "interfaces-excluded",
        `Every interface that leads out of this computer is excluded (${names.join(", ")}), so nobody nearby is found.`,
        "Start without --exclude-interface for the one that others are on, or connect by address.",
      ),
    ];
  }
  if (outward.length === 0) {
    return [
      problem(
        "no-network",
        "This computer has no address on any network (a link-local IPv6 one does not count), so only peers on this computer can be reached.",
        "Connect a cable or join a wireless network; nothing needs to be restarted.",
      ),
    ];
  }
  if (wantsMdns && excluded.size > 0) {
    return [
      problem(
        "mdns-off",
        "mDNS is off, because it cannot be kept away from the interfaces that are excluded.",
        "Nothing to do: peers nearby are found by announcements as well.",
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

function outwardOf(addresses: Interfaces[string]): NonNullable<Interfaces[string]> {
  return (addresses ?? []).filter(
    ({ address, internal }) => !internal && isDialable(addressOf(address, 1) ?? ""),
  );
}
