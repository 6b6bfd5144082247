/**
 * Owns every finding that the doctor knows: its area, how serious it is, what it means, and what to do. The one table
 * from which findings and docs/troubleshooting.md are made; a code never changes its meaning.
 */
import { DETAILS_MAX } from "./limits.ts";
import type { Area, Detail, Finding, Level } from "./types.ts";

export interface CatalogueEntry {
  readonly area: Area;
  readonly level: Level;
  readonly title: string;
  /** For the page: what it means and how it comes about. */
  readonly means: string;
  /** The usual next step; null where there is nothing to do. */
  readonly advice: string | null;
}

const entry = (
  area: Area,
  level: Level,
  title: string,
  means: string,
  advice: string | null,
): CatalogueEntry => ({ area, level, title, means, advice });

const ENTRIES = {
  "peer-running": entry(
    "peer",
    "ok",
    "The peer is running",
    "A peer runs on this data folder and answered.",
    null,
  ),
  "peer-not-running": entry(
    "peer",
    "info",
    "No peer is running",
    "Without a running peer only this computer can be examined: not whom it hears, its trackers, routers or clock.",
    "Start it with: waybill start. Then ask the doctor again.",
  ),
  "peer-not-answering": entry(
    "peer",
    "warn",
    "The peer does not answer",
    "A peer was started on this data folder and is not gone, but its own address gave no answer.",
    "Wait a moment; if it stays so, end it with Ctrl-C and start it again. Nothing acknowledged is lost.",
  ),

  "interfaces-ok": entry(
    "interfaces",
    "ok",
    "This computer is on a network",
    "At least one interface has an address that others can reach.",
    null,
  ),
  "interfaces-none": entry(
    "interfaces",
    "warn",
    "This computer is on no network",
    "Only addresses inside this computer were found. Peers on this computer find each other; nobody else does.",
    "Connect a cable or join a wireless network; nothing needs to be restarted.",
  ),
  "interfaces-link-local": entry(
    "interfaces",
    "warn",
    "No address was given to this computer",
    "There is a link, but only link-local addresses on it: the router or its DHCP service did not answer.",
    "Look after the router, or give this computer an address by hand. Others on the same link may still be found.",
  ),
  "interface-down": entry(
    "interfaces",
    "info",
    "An interface is down",
    "The interface exists but has no link: no cable, no wireless network, or it was switched off.",
    "Connect it if it is the one that leads to the others; nothing needs to be restarted.",
  ),
  "interface-excluded": entry(
    "interfaces",
    "info",
    "An interface is left out",
    "The peer was started with --exclude-interface: nothing is announced or heard there, and mDNS is off.",
    "Start without the flag if people on that network should find this peer.",
  ),
  "container-network": entry(
    "interfaces",
    "info",
    "This peer runs in a container",
    "A container has a network of its own: announcements and mDNS do not leave it, and its addresses mean nothing " +
      "outside.",
    "Name a tracker, publish the port and give others the address of the host, or use the network of the host.",
  ),
  "route-default": entry(
    "interfaces",
    "ok",
    "There is a way out of this network",
    "A default route leads to other networks.",
    null,
  ),
  "route-none": entry(
    "interfaces",
    "info",
    "There is no way out of this network",
    "Without a default route only computers of the same network are reached, and mDNS does not speak on most systems; " +
      "Waybill's own announcements do.",
    "Nothing to do if all people are on this network; otherwise look after the router.",
  ),
  "route-unknown": entry(
    "interfaces",
    "info",
    "The default route is not known here",
    "This system does not tell programs its routes without help.",
    null,
  ),

  "listening-as-listed": entry(
    "listening",
    "ok",
    "Only what is listed waits for others",
    "What the system says of this peer's open ports is what the peer's own list says.",
    null,
  ),
  "listening-beyond-list": entry(
    "listening",
    "bad",
    "Something waits that is not listed",
    "The system shows an open port of this peer that its own list does not have. That is a fault of Waybill, or of " +
      "something loaded into it.",
    "Please report it with the lines below; until then let a firewall close that port.",
  ),
  "listening-missing": entry(
    "listening",
    "warn",
    "A listed port is not open",
    "The peer believes that it waits on a port, and the system does not show it: others cannot come in there.",
    "Start the peer again; if it stays so, please report it with the lines below.",
  ),
  "listening-unchecked": entry(
    "listening",
    "info",
    "What waits for others was not compared",
    "This system does not let a program see its open ports, so the peer's own list is shown as it is.",
    null,
  ),
  "listening-nothing": entry(
    "listening",
    "warn",
    "Nobody can connect to this peer",
    "No port is open for other peers. This peer still reaches others, and is reached over a tracker that relays.",
    "Give a free address with --listen. If it was meant so (--outbound-only), nothing is to be done.",
  ),
  "listening-outbound-only": entry(
    "listening",
    "info",
    "This peer lets nobody in, as it was told",
    "It was started so that others cannot connect to it, or only over a relay that it called itself.",
    "Start without --outbound-only or --no-inbound to be reached straight.",
  ),
  "port-free": entry(
    "listening",
    "ok",
    "The usual ports are free",
    "Nothing holds the ports that a peer takes when it starts.",
    null,
  ),
  "port-held": entry(
    "listening",
    "info",
    "A usual port is held by another program",
    "A TCP port that is taken is stepped over: the peer uses the next free one and says so. The UDP port of " +
      "announcements is shared among peers of one computer, and cannot be stepped over.",
    "End the program if a firewall lets in only the usual port; otherwise nothing to do.",
  ),
  "announcement-port-held": entry(
    "listening",
    "warn",
    "Another program holds the port of announcements",
    "Peers nearby are not heard while another program keeps UDP port 28411 to itself.",
    "End that program: the port is tried again by itself. Or agree with the others on --announce-port.",
  ),

  "firewall-not-seen": entry(
    "firewall",
    "ok",
    "No firewall was seen on this computer",
    "None of the usual firewalls is switched on here. Routers on the way may still have one.",
    null,
  ),
  "firewall-lets-in": entry(
    "firewall",
    "ok",
    "The firewall of this computer lets this peer in",
    "Its rules let in the port on which this peer listens.",
    null,
  ),
  "firewall-blocks": entry(
    "firewall",
    "warn",
    "The firewall of this computer may keep others out",
    "It drops what comes in unless a rule lets it, and no rule for the ports of this peer was found. This peer still " +
      "reaches others.",
    "Let in TCP and UDP port 28411, for example: sudo ufw allow 28411",
  ),
  "firewall-unreadable": entry(
    "firewall",
    "info",
    "A firewall is on, and its rules cannot be read",
    "Only an administrator may read the rules, so whether they let this peer in is not known.",
    "Ask whoever looks after this computer to let in TCP and UDP port 28411.",
  ),
  "firewall-by-system": entry(
    "firewall",
    "info",
    "The system asks about programs that listen",
    "Windows and macOS ask once whether a program may take connections, and remember the answer.",
    "If others do not get through: allow Node.js in the firewall settings of the system, also on public networks.",
  ),
  "firewall-unknown": entry(
    "firewall",
    "info",
    "Firewalls are not known here",
    "This system does not tell which firewall it has.",
    null,
  ),

  "nearby-heard": entry(
    "discovery",
    "ok",
    "Others nearby are heard",
    "Signed announcements of other peers arrive.",
    null,
  ),
  "nearby-silent": entry(
    "discovery",
    "info",
    "Nobody nearby is heard",
    "Announcements leave this computer and none came back: nobody else is here, or the network keeps its devices " +
      "apart (guest networks and some access points do), or a firewall drops UDP.",
    "Connect by address (waybill connect HOST:PORT), or let a tracker be named on both sides.",
  ),
  "nearby-off": entry(
    "discovery",
    "info",
    "This peer does not look for others nearby",
    "It was started with --no-discovery, or listens on this computer alone.",
    "Start without the flag to be found by those on the same network.",
  ),
  "nearby-not-sent": entry(
    "discovery",
    "warn",
    "Announcements do not leave an interface",
    "The system refused to send there, so peers on that network do not hear this one.",
    "Let outgoing UDP port 28411 pass in the firewall of this computer, or exclude the interface.",
  ),
  "nearby-noise": entry(
    "discovery",
    "warn",
    "Many bad announcements arrive",
    "Somebody nearby sends packets that are malformed, forged, repeated or far too many. They are counted and dropped.",
    "Nothing to do: others are still heard. Whoever looks after the network may want to know.",
  ),
  "mdns-heard": entry(
    "discovery",
    "ok",
    "Others are seen by mDNS",
    "Peers on the same network answered over multicast DNS.",
    null,
  ),
  "mdns-silent": entry(
    "discovery",
    "info",
    "Nobody is seen by mDNS",
    "Multicast DNS finds nothing without a default route, on IPv6 alone, across subnets, or where an access point " +
      "drops multicast. Announcements do not depend on it.",
    null,
  ),
  "mdns-off": entry(
    "discovery",
    "info",
    "mDNS is off",
    "It was switched off, or an interface is excluded, from which it cannot be kept away.",
    null,
  ),

  "nat-none": entry(
    "internet",
    "ok",
    "No router changes this computer's address",
    "The address that trackers see is one of this computer's own.",
    null,
  ),
  "nat-open": entry(
    "internet",
    "ok",
    "The router can be passed straight",
    "It keeps one outside port whoever is called, so a straight path can be punched through it with most others.",
    null,
  ),
  "nat-strict": entry(
    "internet",
    "info",
    "The router gives a new port for each destination",
    "A straight path is only possible with somebody whose own router is open; with others the relay carries all.",
    "For straight paths: switch on UPnP or NAT-PMP in the router, or forward TCP port 28411 to this computer.",
  ),
  "udp-blocked": entry(
    "internet",
    "warn",
    "UDP does not get through",
    "No tracker answered over UDP: a firewall drops it. No path can be punched; the relay over TCP still works.",
    "Ask whoever looks after the network to let UDP out to the tracker's ports 3478 and 3479.",
  ),
  "nat-unknown": entry(
    "internet",
    "info",
    "The kind of router is not known",
    "Only a tracker can tell how this computer looks from outside, and none has answered yet.",
    "Name a tracker to have it measured.",
  ),
  "ipv6-works": entry(
    "internet",
    "ok",
    "IPv6 works",
    "A tracker or another peer beyond this network is reached over IPv6.",
    null,
  ),
  "ipv6-unproven": entry(
    "internet",
    "info",
    "IPv6 is there and not proven",
    "This computer has a public IPv6 address, and nobody was reached over it so far.",
    null,
  ),
  "ipv6-none": entry(
    "internet",
    "info",
    "This computer has no public IPv6 address",
    "Peers are reached over IPv4; those who have IPv6 alone need a relay.",
    null,
  ),
  "mapping-open": entry(
    "internet",
    "ok",
    "The router forwards a port to this peer",
    "It was asked to by UPnP or NAT-PMP, and did.",
    null,
  ),
  "mapping-refused": entry(
    "internet",
    "info",
    "The router did not forward a port",
    "It was asked by UPnP or NAT-PMP and refused, or its own address is not a public one.",
    "Switch UPnP or NAT-PMP on in the router for straight paths; without it punching and relays do.",
  ),

  "trackers-none": entry(
    "trackers",
    "info",
    "No tracker is named",
    "Without one, only people nearby, those whose address is typed, and those whom others know are found.",
    "Somebody with a public computer can run one (waybill tracker); then: waybill trackers --add HOST",
  ),
  "tracker-connected": entry(
    "trackers",
    "ok",
    "A tracker is reached",
    "It knows where this peer is, introduces it, and answers for others.",
    null,
  ),
  "tracker-unreachable": entry(
    "trackers",
    "warn",
    "A tracker is not reached",
    "It is switched off, its address is wrong, or a firewall on the way drops its port.",
    "Check the address. Where only TCP port 443 is open, the tracker must be named by a URL of its web port.",
  ),
  "tracker-connecting": entry(
    "trackers",
    "info",
    "A tracker is being called",
    "It has not answered yet.",
    "Ask again in a few seconds.",
  ),
  "relay-ready": entry(
    "trackers",
    "ok",
    "A relay keeps a place for this peer",
    "Others reach this peer over it where no straight path is possible. It sees ciphertext only.",
    null,
  ),
  "relay-none": entry(
    "trackers",
    "warn",
    "No relay keeps a place for this peer",
    "A tracker is connected but does not relay for this peer: it is full, or its relay is switched off. Whoever " +
      "cannot reach this peer straight does not reach it at all.",
    "Ask whoever runs the tracker, or name another one.",
  ),
  "relay-quota": entry(
    "trackers",
    "warn",
    "The relay carries no more for now",
    "What a tracker carries for one peer in an hour is limited, and this peer has used it up.",
    "Transfers wait and go on by themselves when it renews, or sooner over a straight path.",
  ),

  "clock-agrees": entry(
    "clock",
    "ok",
    "This computer's clock agrees with others",
    "The middle of the differences to trackers and peers is small.",
    null,
  ),
  "clock-off": entry(
    "clock",
    "warn",
    "This computer's clock is off",
    "Trackers and peers agree on another time. Receipts carry the time of this computer.",
    "Switch on that date and time are set by the network.",
  ),
  "clock-wrong": entry(
    "clock",
    "bad",
    "This computer's clock is wrong",
    "It is so far off that its blocks and those of others do not count for each other, and a tracker refuses its " +
      "presence.",
    "Set date and time; nothing needs to be restarted.",
  ),
  "clock-alone": entry(
    "clock",
    "info",
    "There is no other clock to compare with",
    "No tracker and no peer told its time.",
    null,
  ),

  "disk-ok": entry(
    "disk",
    "ok",
    "There is space on the disk",
    "The disk of the data folder has room for deliveries.",
    null,
  ),
  "disk-low": entry(
    "disk",
    "warn",
    "The disk is nearly full",
    "Large files may not fit. What has been delivered is not touched.",
    "Free some space, or move the data folder to a larger disk.",
  ),
  "disk-full": entry(
    "disk",
    "bad",
    "The disk is full",
    "Nothing can be received until there is space; what waits goes on by itself then.",
    "Free some space on the disk of the data folder.",
  ),
  "disk-files-low": entry(
    "disk",
    "warn",
    "The disk can hold few more files",
    "The file system counts its files, and few are left, whatever space there is.",
    "Remove small files that are not needed, or move the data folder to another disk.",
  ),
  "disk-unknown": entry(
    "disk",
    "warn",
    "The disk did not answer",
    "The disk of the data folder told nothing in time; a network disk may be gone.",
    "See that the disk is there and answers.",
  ),
  "folder-private": entry(
    "disk",
    "ok",
    "The data folder is yours alone",
    "Nobody else on this computer may look into it.",
    null,
  ),
  "folder-open": entry(
    "disk",
    "warn",
    "Others on this computer may look into the data folder",
    "Its rights let other users read it. It holds your key and your messages.",
    "Take the rights of others away: chmod go= FOLDER",
  ),
  "folder-not-writable": entry(
    "disk",
    "bad",
    "The data folder cannot be written",
    "It belongs to somebody else, or is on a disk that is mounted for reading only.",
    "See that it belongs to you, or name another one with --data.",
  ),
  "folder-missing": entry(
    "disk",
    "info",
    "There is no data folder yet",
    "The first start makes it.",
    "Start a peer with: waybill start. If it uses another folder, name that with --data.",
  ),

  "person-reached": entry(
    "person",
    "ok",
    "This person is reached straight",
    "A straight, encrypted path stands.",
    null,
  ),
  "person-relayed": entry(
    "person",
    "info",
    "This person is reached over a relay",
    "No straight path stands; a relay carries ciphertext between both.",
    "Nothing to do; straight paths are tried again by themselves.",
  ),
  "person-blocked": entry(
    "person",
    "warn",
    "You have blocked this person",
    "Everything from and to a blocked person is refused here.",
    "Let them in again: waybill contact WHO --unblock",
  ),
  "person-key-changed": entry(
    "person",
    "bad",
    "This person has another key than before",
    "Somebody uses the name or address of a person you know with another key. Nothing is sent until you have decided.",
    "Ask them over another channel whether they are new here, then accept the key or keep the two apart.",
  ),
  "person-other-network": entry(
    "person",
    "warn",
    "This person stands on another network",
    "The genesis of their ledger differs. Messages and files work; receipts cannot be anchored in common.",
    "Start both peers with the same --network file for a common ledger.",
  ),
  "person-refused-here": entry(
    "person",
    "warn",
    "This peer refuses the connection",
    "A list, a limit, or the person's own conduct keeps them out on this side.",
    "See what waybill doors says, or wait a while.",
  ),
  "person-unheard": entry(
    "person",
    "warn",
    "Nobody knows where this person is",
    "No address is known: they were not heard nearby, no tracker knows them, and nobody told of them.",
    "Ask for their address, or make an invite for them; or see that both use the same tracker.",
  ),
  "person-never-tried": entry(
    "person",
    "info",
    "This person was not called yet",
    "An address is known, and no attempt has ended so far.",
    "Ask again in a few seconds.",
  ),
  "person-not-started": entry(
    "person",
    "warn",
    "Nothing listens where this person was",
    "Their computer answers and refuses: Waybill is not running there, or on another port.",
    "Ask them to start Waybill. It is tried again by itself.",
  ),
  "person-no-answer": entry(
    "person",
    "warn",
    "This person's computer does not answer",
    "It is switched off or asleep, or a firewall on the way drops the packets without a word.",
    "Ask whether it is on and on which network. A tracker that both use gets around firewalls.",
  ),
  "person-elsewhere": entry(
    "person",
    "warn",
    "This person is on another private network",
    "Only addresses of a home or office network are known for them, and this computer is on a different one.",
    "Name the same tracker on both sides, or join the same network.",
  ),
  "person-no-route": entry(
    "person",
    "warn",
    "There is no way to this person's addresses",
    "This computer has no route there: it is on no network, or lacks the family of addresses (IPv6) that they have.",
    "Join a network that leads there, or name the same tracker on both sides.",
  ),
  "person-somebody-else": entry(
    "person",
    "warn",
    "Somebody else answers at this person's address",
    "Addresses change hands: another peer, with another key, is there now. It was not taken for them.",
    "Ask for the address that their page shows now. If it is the same person with a new key, make an invite.",
  ),
  "person-breaks-off": entry(
    "person",
    "warn",
    "The other side breaks off",
    "Something answers and ends the connection: they may refuse this peer, hold a private network's key, or run another " +
      "version.",
    "Compare versions, ask whether they block you, and whether both use the same network key.",
  ),
  "person-quota": entry(
    "person",
    "warn",
    "The relay to this person carries no more for now",
    "The quota of the relay is used up, and no straight path stands.",
    "It goes on by itself when the quota renews.",
  ),
  "person-lost": entry(
    "person",
    "warn",
    "This person is not reached",
    "The last attempts failed for different reasons, shown below.",
    "It is tried again by itself; the lines below say what each address answered.",
  ),
  "person-version": entry(
    "person",
    "info",
    "This person runs another version",
    "Their Waybill speaks other protocols than this one. What both know still works.",
    "Let the older side be brought up to date.",
  ),
  "person-at-tracker": entry(
    "person",
    "info",
    "A tracker in common introduced this person",
    "At least one of the trackers in use knew this person.",
    null,
  ),
  "person-not-at-tracker": entry(
    "person",
    "info",
    "No tracker in use knows this person",
    "They use no tracker, or another one.",
    "Tell them which tracker you use: waybill trackers",
  ),
  "person-same-network": entry(
    "person",
    "info",
    "This person was on the same network",
    "One of their addresses belongs to a network of this computer.",
    null,
  ),
} as const satisfies Record<string, CatalogueEntry>;

export type FindingCode = keyof typeof ENTRIES;

export const CATALOGUE: Readonly<Record<FindingCode, CatalogueEntry>> = ENTRIES;

/**
 * @param cause what is so on this computer, now; absent: what the code means.
 * @param nextStep in place of the usual one.
 */
export function finding(
  code: FindingCode,
  more: {
    readonly cause?: string;
    readonly nextStep?: string | null;
    readonly details?: readonly Detail[];
  } = {},
): Finding {
  const { area, level, title, means, advice } = CATALOGUE[code];
  return {
    area,
    code,
    level,
    title,
    cause: more.cause ?? means,
    nextStep: more.nextStep === undefined ? advice : more.nextStep,
    details: (more.details ?? []).slice(0, DETAILS_MAX),
  };
}

const LEVELS: readonly Level[] = ["bad", "warn", "info", "ok"];

/** Most serious first; otherwise the order is kept. */
export function bySeriousness(findings: readonly Finding[]): readonly Finding[] {
  return findings.toSorted((a, b) => LEVELS.indexOf(a.level) - LEVELS.indexOf(b.level));
}
