/** Owns the words of an examination: what a probe saw of this computer, and what is concluded. Types only. */
import type { Problem } from "#base/result.ts";

export type Area =
  | "peer"
  | "interfaces"
  | "listening"
  | "firewall"
  | "discovery"
  | "internet"
  | "trackers"
  | "clock"
  | "disk"
  | "person";

/** `ok`: as it should be. `info`: worth knowing. `warn`: hinders something. `bad`: somebody must do something. */
export type Level = "ok" | "info" | "warn" | "bad";

export interface Detail {
  readonly label: string;
  readonly value: string;
}

export interface Finding {
  readonly area: Area;
  readonly code: string;
  readonly level: Level;
  readonly title: string;
  /** One or two sentences about this computer, now. */
  readonly cause: string;
  /** Null where there is nothing to do. */
  readonly nextStep: string | null;
  readonly details: readonly Detail[];
}

/** What kind of address: how far it reaches. */
export type AddressKind = "loopback" | "link-local" | "private" | "shared" | "public";

export interface InterfaceSeen {
  readonly name: string;
  /** Null where the system does not tell. */
  readonly isUp: boolean | null;
  readonly addresses: readonly {
    readonly address: string;
    /** With the length of its network's prefix, as in `10.0.0.2/24`; null where the system does not tell. */
    readonly cidr: string | null;
    readonly family: 4 | 6;
    readonly kind: AddressKind;
  }[];
}

export interface DefaultRoute {
  readonly device: string;
  /** Null where the route leads straight into a link. */
  readonly gateway: string | null;
}

/** Of each family: the route, null when there is none, undefined where the system does not tell. */
export interface RoutesSeen {
  readonly four: DefaultRoute | null | undefined;
  readonly six: DefaultRoute | null | undefined;
}

/** A socket that waits: TCP in the state LISTEN, or UDP that is connected to nobody. */
export interface SocketSeen {
  readonly transport: "tcp" | "udp";
  readonly host: string;
  readonly port: number;
  /** Number of the socket in the system, which open files of processes name. */
  readonly inode: string;
}

export interface HolderSeen {
  readonly pid: number;
  readonly name: string;
}

export interface SocketsSeen {
  readonly waiting: readonly SocketSeen[];
  /** Inodes of sockets that the asking process holds. */
  readonly own: ReadonlySet<string>;
  /** Who holds a socket, as far as this process may know. */
  readonly holders: ReadonlyMap<string, HolderSeen>;
}

export type FirewallTool = "ufw" | "firewalld" | "nftables" | "iptables" | "windows" | "macos";

export interface FirewallSeen {
  readonly tool: FirewallTool;
  /** `unreadable`: it is there, and only an administrator may read its rules. */
  readonly state: "off" | "on" | "unreadable";
  /** Whether connections from outside are dropped unless a rule lets them in; null when the rules do not tell. */
  readonly dropsInbound: boolean | null;
  /** Ports that its rules name as let in, `tcp/28411`; only those that could be read. */
  readonly letsIn: readonly string[];
  /** Ports that its rules name as kept out, in the same form. */
  readonly keepsOut: readonly string[];
}

export interface DiskSeen {
  readonly freeBytes: number;
  readonly totalBytes: number;
  /** Files that can still be made; null where the file system does not count them. */
  readonly freeFiles: number | null;
}

export interface FolderSeen {
  readonly path: string;
  readonly state: "usable" | "missing" | "not-writable";
  /** Whether others on this computer may read it; null where the system has no such rights. */
  readonly isOpenToOthers: boolean | null;
}

/** All that was seen of this computer, without a running peer. Null: the system did not tell, or not in time. */
export interface ComputerSeen {
  readonly platform: string;
  readonly isInContainer: boolean;
  readonly interfaces: readonly InterfaceSeen[];
  readonly routes: RoutesSeen;
  readonly sockets: SocketsSeen | null;
  readonly firewalls: readonly FirewallSeen[];
  /** Whether rules that no service keeps, of nftables or iptables, may be looked at: by an administrator. */
  readonly mayReadRules: boolean;
  readonly disk: DiskSeen | null;
  readonly folder: FolderSeen;
}

/** A port that Waybill uses by itself. */
export interface UsualPort {
  readonly transport: "tcp" | "udp";
  readonly port: number;
  readonly what: string;
}

/** What was measured of other clocks: theirs less ours. */
export interface ClockSeen {
  readonly trackers: readonly number[];
  readonly peers: readonly number[];
  /** How far ahead of our clock a block may be dated. */
  readonly blockFutureMs: number;
  /** What the ledger noticed by itself. */
  readonly ledgerProblem: Problem | null;
}
