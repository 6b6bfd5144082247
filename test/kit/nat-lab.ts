/**
 * Owns an internet made on the spot: a public segment with hosts, and homes behind routers of several kinds, all of
 * them namespaces of Linux. Addresses are such as are taken for public (those for documentation count as private);
 * nothing leaves for a real network. What runs on the hosts is for `nat-programs.ts`.
 *
 * There is no delay: kernels without `netem` cannot make one. Rates can be limited.
 */
import { type Namespace, openNamespace, type Scope, whyNoNamespace } from "./namespace.ts";

export const ROUTER_KINDS = ["none", "port-preserving", "forwarding", "random-ports"] as const;

/**
 * What stands between a home and the internet. none: the host itself is public. port-preserving: the outside port is
 * the inside one, and only who was called may answer (RFC 4787: endpoint-independent mapping, address- and
 * port-dependent filtering). forwarding: the same, and all other UDP from outside goes to the host. random-ports:
 * another outside port for each destination.
 */
export type RouterKind = (typeof ROUTER_KINDS)[number];

/** What a router lets out of the home; what it does not is dropped, as home routers do, not refused. */
export type Outbound = "all" | "no-udp" | "only-tcp-443";

export interface HomeOptions {
  readonly router: RouterKind;
  readonly outbound?: Outbound;
}

export interface Host {
  readonly namespace: Namespace;
  /** Public; null on a segment without IPv4. */
  readonly ipv4: string | null;
  readonly ipv6: string | null;
}

export interface Home {
  readonly namespace: Namespace;
  /** How the home looks from outside, as an address without a port. */
  address(): string;
  /** Drops all, or all UDP, between this home and that address, in both directions, until {@link restore}. */
  cut(what: "all" | "udp", address: string): void;
  restore(): void;
  /** The provider gives the home another public address, and the host gets another one within. */
  renumber(): void;
  /** Of what leaves the host; null for none. */
  limitRate(megabitPerSecond: number | null): void;
  /** Bytes that left the host so far, with all headers. */
  sentBytes(): number;
}

const SEGMENT4 = "45.67.89";
const SEGMENT6 = "2a0e:97c0:77";
const PROVIDER4 = `${SEGMENT4}.254`;
const PROVIDER6 = `${SEGMENT6}::ffff`;

const TRIAL = `
  ip link add br0 type bridge; ip link add one type veth peer name two
  iptables -t nat -A POSTROUTING -o one -j MASQUERADE --random-fully
  iptables -A FORWARD -m conntrack --ctstate ESTABLISHED,RELATED,DNAT -j ACCEPT
  ip6tables -A FORWARD -m conntrack --ctstate ESTABLISHED -j ACCEPT
  iptables -A INPUT -m pkttype --pkt-type broadcast -j DROP
  tc qdisc add dev one root tbf rate 8mbit burst 64k latency 100ms`;

/** Why no internet can be made here; false when one can. */
export function whyNoNatLab(): string | false {
  return whyNoNamespace(TRIAL);
}

export class NatLab {
  readonly #scope: Scope;
  readonly #hub: Namespace;
  readonly #families: readonly (4 | 6)[];
  #hosts = 0;

  private constructor(scope: Scope, hub: Namespace, families: readonly (4 | 6)[]) {
    this.#scope = scope;
    this.#hub = hub;
    this.#families = families;
  }

  /** The provider: a switch, and the way from any public address to any other. */
  static async open(scope: Scope, families: readonly (4 | 6)[] = [4]): Promise<NatLab> {
    const hub = await openNamespace(scope);
    hub.run(`ip link add br0 type bridge; ip link set br0 up; ${forwards(families)}`);
    if (families.includes(4)) hub.ip("addr", "add", `${PROVIDER4}/24`, "dev", "br0");
    if (families.includes(6)) hub.ip("addr", "add", `${PROVIDER6}/64`, "dev", "br0", "nodad");
    return new NatLab(scope, hub, families);
  }

  /** A host on the public segment. Nobody hears there what is said to everybody: these are no neighbours. */
  async host(): Promise<Host> {
    const namespace = await openNamespace(this.#scope);
    namespace.run(`iptables -A INPUT -i eth0 -m pkttype --pkt-type broadcast -j DROP
      iptables -A INPUT -i eth0 -m pkttype --pkt-type multicast -j DROP
      ip6tables -A INPUT -i eth0 -p udp -m pkttype --pkt-type multicast -j DROP`);
    return { namespace, ...this.#join(namespace, "eth0") };
  }

  async home({ router: kind, outbound = "all" }: HomeOptions): Promise<Home> {
    const { namespace: outer, ipv4, ipv6 } = await this.host();
    if (kind === "none") {
      outer.run(firewall("eth0", "eth0", outbound));
      return new LabHome(outer, outer, ipv4, ipv6, "");
    }
    const inner = await openNamespace(this.#scope);
    const [within4, within6] = [`10.${this.#hosts}.0`, `2a0e:97c0:1${this.#hosts}`];
    outer.ip("link", "add", "lan", "type", "veth", "peer", "name", "eth0", "netns", `${inner.pid}`);
    outer.run(`ip link set lan up; ${forwards(this.#families)}`);
    inner.ip("link", "set", "eth0", "up");
    if (ipv4 !== null) {
      outer.ip("addr", "add", `${within4}.1/24`, "dev", "lan");
      inner.run(`ip addr add ${within4}.2/24 dev eth0; ip route add default via ${within4}.1`);
      outer.run(translation(kind, `${within4}.0/24`, `${within4}.2`));
    }
    if (ipv6 !== null) {
      outer.ip("addr", "add", `${within6}::1/64`, "dev", "lan", "nodad");
      inner.run(`ip addr add ${within6}::2/64 dev eth0 nodad; ip route add default via ${within6}::1`);
      this.#hub.ip("route", "add", `${within6}::/64`, "via", ipv6);
    }
    outer.run(firewall("lan", "eth0", outbound));
    return new LabHome(inner, outer, ipv4, ipv6 === null ? null : `${within6}::2`, within4);
  }

  /** Two hosts on two networks of one building: its router joins them, and multicast does not cross it. */
  async building(): Promise<readonly [Namespace, Namespace]> {
    const { namespace: router } = await this.host();
    router.run(`${forwards(this.#families)}
      iptables -P FORWARD DROP
      iptables -A FORWARD -i eth0 -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT
      iptables -A FORWARD ! -i eth0 -j ACCEPT
      iptables -t nat -A POSTROUTING -o eth0 -j MASQUERADE`);
    const room = async (number: number) => {
      const inside = await openNamespace(this.#scope);
      const port = `lan${number}`;
      router.ip("link", "add", port, "type", "veth", "peer", "name", "eth0", "netns", `${inside.pid}`);
      router.run(`ip addr add 10.50.${number}.1/24 dev ${port}; ip link set ${port} up`);
      inside.run(`ip addr add 10.50.${number}.2/24 brd + dev eth0; ip link set eth0 up
        ip route add default via 10.50.${number}.1`);
      return inside;
    };
    return [await room(1), await room(2)];
  }

  #join(namespace: Namespace, device: string): Omit<Host, "namespace"> {
    this.#hosts += 1;
    const port = `port${this.#hosts}`;
    this.#hub.ip("link", "add", port, "type", "veth", "peer", "name", device, "netns", `${namespace.pid}`);
    this.#hub.ip("link", "set", port, "master", "br0", "up");
    if (!this.#families.includes(6)) namespace.ip("link", "set", device, "addrgenmode", "none");
    namespace.ip("link", "set", device, "up");
    const ipv4 = this.#families.includes(4) ? `${SEGMENT4}.${this.#hosts}` : null;
    const ipv6 = this.#families.includes(6) ? `${SEGMENT6}::${this.#hosts}` : null;
    if (ipv4 !== null) {
      namespace.run(`ip addr add ${ipv4}/24 brd + dev ${device}; ip route add default via ${PROVIDER4}`);
    }
    if (ipv6 !== null) {
      namespace.run(`ip addr add ${ipv6}/64 dev ${device} nodad; ip route add default via ${PROVIDER6}`);
    }
    return { ipv4, ipv6 };
  }
}

class LabHome implements Home {
  readonly namespace: Namespace;
  readonly #router: Namespace;
  /** Network within without its last number; empty where the host itself is public. */
  readonly #within4: string;
  readonly #ipv6: string | null;
  #ipv4: string | null;
  #cuts: string[] = [];

  constructor(inner: Namespace, router: Namespace, ipv4: string | null, ipv6: string | null, within: string) {
    this.namespace = inner;
    this.#router = router;
    this.#ipv4 = ipv4;
    this.#ipv6 = ipv6;
    this.#within4 = within;
  }

  address(): string {
    return this.#ipv4 ?? this.#ipv6 ?? "";
  }

  cut(what: "all" | "udp", address: string): void {
    const tool = address.includes(":") ? "ip6tables" : "iptables";
    const protocol = what === "udp" ? "-p udp" : "";
    const chains = this.#within4 === "" ? ["INPUT", "OUTPUT"] : ["FORWARD"];
    for (const chain of chains) {
      for (const side of ["-s", "-d"]) {
        const rule = `${chain} ${side} ${address} ${protocol} -j DROP`;
        this.#router.run(`${tool} -I ${rule}`);
        this.#cuts.push(`${tool} -D ${rule}`);
      }
    }
  }

  restore(): void {
    for (const undo of this.#cuts) this.#router.run(undo);
    this.#cuts = [];
  }

  renumber(): void {
    if (this.#ipv4 === null || this.#within4 === "") throw new Error("only a home with a router and IPv4");
    const before = this.#ipv4;
    const [network, number] = [before.slice(0, before.lastIndexOf(".")), before.split(".").at(-1)];
    this.#ipv4 = `${network}.${Number(number) + 100}`;
    this.#router.run(`ip addr del ${before}/24 dev eth0; ip addr add ${this.#ipv4}/24 brd + dev eth0
      ip route replace default via ${PROVIDER4}`);
    this.namespace.run(`ip addr del ${this.#within4}.2/24 dev eth0; ip addr add ${this.#within4}.3/24 dev eth0
      ip route replace default via ${this.#within4}.1`);
  }

  limitRate(megabitPerSecond: number | null): void {
    const limit = `add dev eth0 root tbf rate ${megabitPerSecond}mbit burst 256k latency 100ms`;
    this.namespace.run(`tc qdisc ${megabitPerSecond === null ? "del dev eth0 root" : limit}`);
  }

  sentBytes(): number {
    // proc(5): sixteen columns after the name, the ninth is bytes sent. What /sys shows is another namespace's.
    const eth0 = /^\s*eth0:(.*)$/m.exec(this.namespace.run("cat /proc/net/dev"))?.[1];
    const bytes = Number(eth0?.trim().split(/\s+/)[8]);
    if (!Number.isSafeInteger(bytes)) throw new Error("no counter of bytes sent");
    return bytes;
  }
}

function forwards(families: readonly (4 | 6)[]): string {
  const of4 = families.includes(4) ? "echo 1 > /proc/sys/net/ipv4/ip_forward;" : "";
  const of6 = families.includes(6) ? "echo 1 > /proc/sys/net/ipv6/conf/all/forwarding;" : "";
  return `${of4} ${of6}`;
}

/** Lets out what `outbound` says, and in what answers it or was forwarded on purpose. */
function firewall(from: string, to: string, outbound: Outbound): string {
  const isHost = from === to;
  const out = isHost ? `OUTPUT -o ${to}` : `FORWARD -i ${from} -o ${to}`;
  const rules = isHost
    ? []
    : [
        "-P FORWARD DROP",
        `-A INPUT -i ${to} -p ipv6-icmp -j ACCEPT`,
        `-A INPUT -i ${to} -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT`,
        `-A INPUT -i ${to} -j DROP`,
        `-A FORWARD -i ${to} -m conntrack --ctstate ESTABLISHED,RELATED,DNAT -j ACCEPT`,
      ];
  if (outbound === "no-udp") rules.push(`-A ${out} -p udp -j DROP`);
  if (outbound === "only-tcp-443")
    rules.push(`-A ${out} ! -p tcp -j DROP`, `-A ${out} -p tcp ! --dport 443 -j DROP`);
  if (!isHost) rules.push(`-A ${out} -j ACCEPT`);
  return (
    ["iptables", "ip6tables"]
      .flatMap((tool) =>
        rules
          .filter((rule) => tool === "ip6tables" || !rule.includes("ipv6"))
          .map((rule) => `${tool} ${rule}`),
      )
      // Private addresses of others lead nowhere: the provider does not carry them.
      .concat(isHost ? [] : [`iptables -I FORWARD -i ${from} -o ${to} -d 10.0.0.0/8 -j DROP`])
      .join("\n")
  );
}

function translation(kind: RouterKind, network: string, host: string): string {
  const random = kind === "random-ports" ? "--random-fully" : "";
  const forwarded = `iptables -t nat -A PREROUTING -i eth0 -p udp -j DNAT --to-destination ${host}`;
  return `iptables -t nat -A POSTROUTING -o eth0 -s ${network} -j MASQUERADE ${random}
    ${kind === "forwarding" ? forwarded : ""}`;
}
