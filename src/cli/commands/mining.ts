/** Owns the command about mining, and the words for the race that `chain` shows too. */
import type { ChainView, MiningChanges, MiningView } from "#api/views.ts";
import { ok } from "#base/result.ts";
import { failed, type Outcome } from "../outcome.ts";
import { type Session, show } from "../session.ts";
import { tableText } from "../table.ts";
import { oneLine } from "../terminal-text.ts";
import { durationText, middleCut, plural, sizeText } from "../words.ts";

/** `7.20 MH/s`. */
function rateText(hashesPerSecond: number): string {
  return sizeText(Math.round(hashesPerSecond)).replace("B", "H/s");
}

function whenText({ mode, afterCount, afterSeconds }: MiningView): string {
  if (mode === "off") return "never: it is switched off";
  if (mode === "always") return "always";
  return `once ${plural(afterCount, "transaction")} wait${afterCount === 1 ? "s" : ""}, or the first has for ${afterSeconds} s`;
}

function powerText({ power, onBattery }: MiningView): string {
  if (power === "unknown") return "this system does not say where its power comes from";
  const now = power === "battery" ? "on battery now" : "plugged in now";
  return `${now}; ${onBattery ? "mines" : "rests"} on battery`;
}

function nowText(mining: MiningView): string {
  const { active, hashesPerSecond, expectedBlockSeconds, reason } = mining;
  if (!active) return reason === null ? "rests" : `rests: ${oneLine(reason.cause)}`;
  if (expectedBlockSeconds === null) return rateText(hashesPerSecond);
  const every =
    expectedBlockSeconds < 1 ? "in less than a second" : `every ${durationText(expectedBlockSeconds)}`;
  return `${rateText(hashesPerSecond)}; alone, a block ${every}`;
}

function miningText(mining: MiningView, ellipsis: string): string {
  const { threads, cores, dutyPercent, blocksMined } = mining;
  const rows = [
    ["Now", nowText(mining)],
    ["Mines", whenText(mining)],
    ["Takes", `${plural(threads, "thread")} of ${plural(cores, "core")}, ${dutyPercent} % of the time`],
    ["Power", powerText(mining)],
    ["Found", `${plural(blocksMined, "block")} of the ledger`],
  ];
  return tableText(rows, Number.POSITIVE_INFINITY, ellipsis);
}

/** How fast everybody hashes, when a block is to be expected, and each miner's part of the newest blocks. */
export function raceText({ race, miners }: ChainView, session: Session): string {
  const { columns, glyphs } = session.terminal;
  const shares = miners.map((miner) => {
    const name = miner.name === null ? middleCut(miner.account, glyphs.ellipsis) : oneLine(miner.name);
    const bar = glyphs.barFull.repeat(Math.max(1, Math.round(miner.share * 24)));
    return [name, plural(miner.blocks, "block"), `${Math.round(miner.share * 100)} %`, bar];
  });
  const { hashesPerSecond, expectedBlockSeconds } = race;
  const speed =
    hashesPerSecond === null || expectedBlockSeconds === null
      ? "Network: too few blocks yet to tell how fast it hashes"
      : `Network: about ${rateText(hashesPerSecond)} by its last ${plural(race.blocks, "block")}; ` +
        `while all mine, a block about every ${durationText(expectedBlockSeconds)}`;
  if (shares.length === 0) return speed;
  const counted = miners.reduce((sum, { blocks }) => sum + blocks, 0);
  const found = `Who found the newest ${counted === 1 ? "block" : plural(counted, "block")}:`;
  return [speed, found, tableText(shares, columns, glyphs.ellipsis)].join("\n");
}

/** @param changes none: only shown. */
export async function mine(session: Session, changes: MiningChanges): Promise<Outcome> {
  const { client, terminal, json } = session;
  const isAsked = Object.keys(changes).length > 0;
  const mining = isAsked ? await client.setMining(changes) : await client.mining();
  if (!mining.ok) return failed(mining.fault);
  if (json) return show(session, mining, () => undefined);
  terminal.print(miningText(mining.value, terminal.glyphs.ellipsis));
  if (isAsked) return ok();
  const chain = await client.chain();
  if (!chain.ok) return failed(chain.fault);
  terminal.print(`\n${raceText(chain.value, session)}`);
  return ok();
}
