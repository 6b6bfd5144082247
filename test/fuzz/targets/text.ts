/** Owns what people, files and the system hand in as text: addresses, keys, amounts, settings, kernel tables. */
import { decodeApiFile } from "#api/api-file.ts";
import { formatAmount, parseAmount } from "#cli/amount.ts";
import { createKeypair } from "#crypto/ed25519.ts";
import { parseAccount, parsePeerId } from "#crypto/peer-id.ts";
import { spell, unspell } from "#crypto/words.ts";
import { parseDefaultRoute4, parseDefaultRoute6, parseSockets } from "#doctor/proc-net.ts";
import { parseEntered } from "#invites/entered.ts";
import { parseAddress, readableAddress } from "#net/addresses.ts";
import { parsePorts } from "#net/discovery/scan-plan.ts";
import { parseDoorEntry, parseDoorList } from "#net/doors/door-lists.ts";
import { decodeNetworkKey, encodeNetworkKey } from "#net/doors/network-key.ts";
import { parseListenAddress } from "#net/host/listen.ts";
import { parseTrackerAddress } from "#net/trackers/tracker-address.ts";
import { DEFAULT_SETTINGS, decodeSettings } from "#node/config.ts";
import { always, type FuzzTarget, orNull, textTarget } from "../target.ts";

const { peerId, account } = createKeypair(new Uint8Array(32).fill(7));
const UNITS_PER_COIN = 1_000_000;
const places = [
  "192.168.1.20:28411",
  "[2001:db8::1]:443",
  "tracker.example",
  "/ip4/10.0.0.1/tcp/5",
  `/ip4/192.0.2.1/tcp/28412/p2p/${peerId}/p2p-circuit`,
  "https://tracker.example:8443/",
  "fe80::1%eth0",
  "10.0.0.0/8",
];
const words = spell(new Uint8Array(11).fill(77));

export const TEXT_TARGETS: readonly FuzzTarget[] = [
  textTarget({ name: "address", functions: ["parseAddress"], decode: parseAddress, samples: places }),
  textTarget({
    name: "readable-address",
    functions: ["readableAddress"],
    decode: (text) => always(readableAddress(text)),
    samples: places,
  }),
  textTarget({
    name: "tracker-address",
    functions: ["parseTrackerAddress"],
    decode: parseTrackerAddress,
    samples: places,
  }),
  textTarget({
    name: "listen-address",
    functions: ["parseListenAddress"],
    decode: (text) => orNull(parseListenAddress(text)),
    samples: places,
  }),
  textTarget({
    name: "door-entry",
    functions: ["parseDoorEntry", "parseDoorList"],
    decode: (text) => {
      const list = parseDoorList(text.split("\n"));
      return list.ok ? parseDoorEntry(text) : list;
    },
    samples: [...places, peerId, "10.0.0.0/8\n2001:db8::/32"],
  }),
  textTarget({
    name: "ports",
    functions: ["parsePorts"],
    decode: parsePorts,
    samples: ["28411-28475,4000", "1", "65535-65535", "0-70000"],
  }),
  textTarget({
    name: "network-key",
    functions: ["decodeNetworkKey"],
    decode: decodeNetworkKey,
    samples: [encodeNetworkKey(new Uint8Array(32).fill(1))],
  }),
  textTarget({
    name: "peer-id",
    functions: ["parsePeerId"],
    decode: (text) => orNull(parsePeerId(text)),
    encode: (id) => id,
    samples: [peerId],
  }),
  textTarget({
    name: "account",
    functions: ["parseAccount"],
    decode: (text) => orNull(parseAccount(text)),
    samples: [account],
  }),
  textTarget({
    name: "words",
    functions: ["unspell"],
    decode: unspell,
    samples: [words, words.toUpperCase(), words.replaceAll(" ", "-")],
  }),
  textTarget({
    name: "invite-entered",
    functions: ["parseEntered"],
    decode: parseEntered,
    samples: [words, `"waybill:i/AAAA"`],
  }),
  textTarget({
    name: "api-file",
    functions: ["decodeApiFile"],
    decode: decodeApiFile,
    samples: [
      JSON.stringify({ version: 1, origin: "http://127.0.0.1:4747", token: "a".repeat(64), pid: 77 }),
    ],
  }),
  textTarget({
    name: "settings",
    functions: ["decodeSettings", "decodeMining"],
    decode: decodeSettings,
    samples: [
      JSON.stringify({ version: 1 }),
      JSON.stringify(DEFAULT_SETTINGS),
      JSON.stringify({ ...DEFAULT_SETTINGS, name: "Alice", mining: { mode: "always", threads: 2 } }),
    ],
  }),
  textTarget({
    name: "amount",
    functions: ["parseAmount"],
    decode: (text) => {
      const amount = parseAmount(text, UNITS_PER_COIN);
      if (!amount.ok) return amount;
      const again = parseAmount(formatAmount(amount.value, UNITS_PER_COIN), UNITS_PER_COIN);
      if (!again.ok || again.value !== amount.value)
        throw new Error(`${text} is not itself when written again`);
      return amount;
    },
    samples: ["2.5", "0.000001", "9007199254.740991", "1"],
  }),
  textTarget({
    name: "kernel-tables",
    functions: ["parseSockets", "parseDefaultRoute4", "parseDefaultRoute6"],
    decode: (text) =>
      always([
        parseSockets(text, "tcp"),
        parseSockets(text, "udp"),
        parseDefaultRoute4(text),
        parseDefaultRoute6(text),
      ]),
    samples: [
      "  0: 0100007F:1A0B 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 22 1",
      "eth0\t00000000\t0102A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0",
      `${"0".repeat(32)} 00 ${"0".repeat(32)} 00 ${"fe80".padEnd(32, "0")} 00000400 00000000 00000000 00000003 eth0`,
    ],
  }),
];
