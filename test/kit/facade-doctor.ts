/** Owns what the doctor says in the kit's made-up world. */
import type { DoctorView, FindingView } from "#api/views.ts";
import { ok } from "#base/result.ts";
import type { Facade } from "#node/facade.ts";
import { notFound, type World } from "./facade-world.ts";

type Words = Pick<FindingView, "area" | "code" | "level" | "title" | "cause"> & Partial<FindingView>;

const finding = (words: Words): FindingView => ({ nextStep: null, details: [], ...words });

const FINDINGS: readonly FindingView[] = [
  finding({
    area: "firewall",
    code: "firewall-drops",
    level: "bad",
    title: "A firewall on this computer drops what comes in",
    cause: "ufw is on and has no rule for TCP 28411, so that nobody on your network can call you.",
    nextStep: "Let it in: sudo ufw allow 28411",
    details: [
      { label: "Firewall", value: "ufw, active" },
      { label: "Rules that name 28411", value: "none" },
    ],
  }),
  finding({
    area: "trackers",
    code: "tracker-unreachable",
    level: "warn",
    title: "One of two trackers does not answer",
    cause: "Nobody answers at backup.example on port 28412.",
    nextStep: "Ask whoever runs it, or remove it from your list.",
    details: [{ label: "Last tried", value: "8 s ago" }],
  }),
  finding({
    area: "internet",
    code: "nat-endpoint-dependent",
    level: "info",
    title: "Your router gives every connection another port",
    cause: "Two questions from one port were seen from outside with ports 51234 and 51240.",
    nextStep: "Nothing needed while others are open. A forwarded port makes more paths direct.",
    details: [
      { label: "Seen by 3478", value: "203.0.113.7:51234" },
      { label: "Seen by 3479", value: "203.0.113.7:51240" },
    ],
  }),
  finding({
    area: "trackers",
    code: "tracker-reached",
    level: "ok",
    title: "tracker.lab.example is reached",
    cause: "It answers in 24 ms and keeps a place as a relay for you.",
  }),
  finding({
    area: "interfaces",
    code: "interface-up",
    level: "ok",
    title: "eth0 is up",
    cause: "It has an IPv4 and an IPv6 address.",
    details: [
      { label: "IPv4", value: "192.168.1.10/24" },
      { label: "IPv6", value: "2001:db8:5::10/64" },
    ],
  }),
  finding({
    area: "discovery",
    code: "announcements-heard",
    level: "ok",
    title: "Others are heard nearby",
    cause: "42 announcements of 3 peers came in on eth0.",
  }),
  finding({
    area: "clock",
    code: "clock-close",
    level: "ok",
    title: "The clock agrees with that of others",
    cause: "The median of 5 peers is 0.2 s ahead of this computer.",
  }),
  finding({
    area: "disk",
    code: "disk-room",
    level: "ok",
    title: "The disk has room",
    cause: "212 GB are free where received files are kept.",
  }),
];

export function doctorOperations(world: World): Pick<Facade, "doctor" | "doctorPerson"> {
  const report = (person: DoctorView["person"], findings: readonly FindingView[]): DoctorView => ({
    checkedMs: world.nowMs(),
    person,
    findings: [...findings],
  });
  return {
    doctor: async () => report(null, FINDINGS),
    doctorPerson: async (who) => {
      const person = world.find(who);
      if (person === undefined) return notFound("person");
      const { peerId, name, online, addresses } = person;
      const reached = finding({
        area: "person",
        code: "person-reached",
        level: "ok",
        title: `${name} is reached`,
        cause: "Bytes go to and fro now.",
      });
      const unreached = finding({
        area: "person",
        code: "person-no-answer",
        level: "bad",
        title: `${name} does not answer anywhere`,
        cause: `${name} was tried at one address, and is known to no tracker that you use.`,
        nextStep: `Ask ${name} whether Waybill runs there.`,
        details: addresses.map((address) => ({ label: address, value: "no answer within 5 s, 40 s ago" })),
      });
      return ok(report({ peerId, name, online }, [online ? reached : unreached]));
    },
  };
}
