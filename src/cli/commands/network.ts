/** Owns the commands about networks: asking for what a new one should be, writing its file, and putting one in words. */

import type { AccountId } from "#base/brand.ts";
import { fail, ok, type Problem, problem, type Result } from "#base/result.ts";
import type { Network, NetworkChoices } from "#node/network-create.ts";
import { formatAmount, parseAmount } from "../amount.ts";
import { failed, type Outcome, wrongUse } from "../outcome.ts";
import { tableText } from "../table.ts";
import type { Terminal } from "../terminal.ts";
import { oneLine } from "../terminal-text.ts";
import { durationText, plural } from "../words.ts";

export interface NetworkFlags {
  readonly preset?: string;
  readonly name?: string;
  readonly coin?: string;
  readonly spacing?: number;
  readonly reward?: string;
  readonly allocate?: readonly string[];
  readonly signer?: readonly string[];
  readonly signatures?: number;
  readonly signEvery?: number;
  readonly time?: number;
  readonly force?: boolean;
}

interface Context {
  readonly terminal: Terminal;
  readonly json: boolean;
}

/** Asks one question; `null` where nobody can be asked. */
type Ask = (question: string) => Promise<string | null>;

interface Asking extends Context {
  readonly ask: Ask;
}

const SIGN_EVERY_BLOCKS = 20;
const DEFAULT_PRESET = "default";

export async function createNetwork(file: string, flags: NetworkFlags, context: Asking): Promise<Outcome> {
  // Loaded here: the rules of a ledger are not needed by commands that speak to a peer.
  const node = await import("#node/network-create.ts");
  const taken = flags.force === true ? null : node.placeFault(file);
  if (taken !== null) return failed(taken);
  const whole = flags.name === undefined && !context.json ? await askForAll(flags, context, node) : flags;
  if (whole === null || whole.name === undefined) return nameless();
  const preset = whole.preset ?? DEFAULT_PRESET;
  const malformed =
    nameFault(whole.name) ??
    (whole.coin === undefined ? null : coinFault(whole.coin)) ??
    presetFault(preset, node);
  if (malformed !== null) return wrongUse(malformed);
  const kind = node.PRESET_KINDS.find((each) => each === preset) ?? DEFAULT_PRESET;
  const choices = choicesOf(whole, node.presetParams(kind, { name: whole.name, genesisTime: 0 }), node);
  if (!choices.ok) return choices;
  const composed = node.composeNetwork(kind, choices.value);
  if (!composed.ok) return wrongUse(composed.fault);
  const { text, network } = composed.value;
  const written = node.writeNetworkFile(file, text, flags.force === true);
  if (!written.ok) return failed(written.fault);
  if (context.json) context.terminal.printJson(networkJson(network, file));
  else context.terminal.print(createdText(network, file, context.terminal, node));
  return ok();
}

function nameless(): Outcome<never> {
  const cause = "A network needs at least a name, and the questions found no answer. Nothing was written.";
  const nextStep = "Answer them in a terminal, or say --name NAME: letters a to z, digits and hyphens.";
  return wrongUse(problem("network-name-missing", cause, nextStep));
}

const NAME = /^[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?$/;
const SYMBOL = /^[A-Z][A-Z0-9]{0,7}$/;

/** The rules refuse this too, and a coin's name below, in the words of the file. */
function nameFault(name: string): Problem | null {
  if (NAME.test(name)) return null;
  return problem(
    "network-name-malformed",
    "A network's name is 1 to 32 of a to z, 0 to 9 and the hyphen, which stands at neither end.",
    "Choose another name.",
  );
}

function coinFault(symbol: string): Problem | null {
  if (SYMBOL.test(symbol)) return null;
  return problem(
    "coin-malformed",
    "What coins are called is 1 to 8 of A to Z and 0 to 9, a letter first.",
    "Choose another symbol.",
  );
}

function presetFault(preset: string, node: Making): Problem | null {
  if (node.PRESET_KINDS.some((kind) => kind === preset)) return null;
  const nextStep = `Say one of: ${node.PRESET_KINDS.join(", ")}.`;
  return problem("preset-unknown", `There is no preset "${preset.slice(0, 80)}".`, nextStep);
}

type Making = typeof import("#node/network-create.ts");

/** Questions in place of flags; an empty answer takes what stands in brackets. `null` where one found no answer. */
async function askForAll(
  flags: NetworkFlags,
  { ask, terminal }: Asking,
  node: Making,
): Promise<NetworkFlags | null> {
  const one = async (question: string, check: (answer: string) => Problem | null): Promise<string | null> => {
    for (;;) {
      const answer = (await ask(question))?.trim() ?? null;
      const fault = answer === null ? null : check(answer);
      if (fault === null) return answer;
      terminal.warn(`${oneLine(fault.cause)} ${oneLine(fault.nextStep)}`);
    }
  };
  const list = async (what: string, check: (answer: string) => Problem | null) => {
    const answers: string[] = [];
    while (answers.length < ANSWERS_MAX) {
      const question = `${what}${answers.length === 0 ? "" : " (another)"}; empty for no more? `;
      const answer = await one(question, (text) => (text === "" ? null : check(text)));
      if (answer === null) return null;
      if (answer === "") break;
      answers.push(answer);
    }
    return answers;
  };
  const preset =
    flags.preset ??
    (await one("Preset: classroom (10 s), default (15 s) or internet (30 s)? [default] ", (answer) =>
      presetFault(answer || DEFAULT_PRESET, node),
    ));
  if (preset === null) return null;
  const name = await one("Name of the network (a to z, digits, hyphens)? ", nameFault);
  if (name === null) return null;
  const coin =
    flags.coin ??
    (await one("What are its coins called, in capital letters? [WB] ", (answer) =>
      answer === "" ? null : coinFault(answer),
    ));
  if (coin === null) return null;
  const { units, tail } = unitsOf(name, node);
  const reward =
    flags.reward ??
    (await one("Coins for each of the first blocks; 0 for no new coins? [50] ", (answer) =>
      answer === "" ? null : faultOf(rewardOf(answer, units, tail)),
    ));
  if (reward === null) return null;
  const allocate =
    flags.allocate ??
    (await list("Coins from the start, as KEY=COINS", (answer) =>
      faultOf(allocationOf(answer, units, node)),
    ));
  if (allocate === null) return null;
  const signer =
    flags.signer ??
    (await list("Peer id that co-signs checkpoints", (answer) => faultOf(node.readKey(answer))));
  if (signer === null) return null;
  return {
    ...flags,
    ...{ name, allocate, signer },
    ...(preset === "" ? {} : { preset }),
    ...(coin === "" ? {} : { coin }),
    ...(reward === "" ? {} : { reward }),
  };
}

/** As many as the largest genesis takes. */
const ANSWERS_MAX = 1_024;

const faultOf = (result: Result<unknown, Problem>) => (result.ok ? null : result.fault);

/** What every preset says of coins. */
function unitsOf(name: string, node: Making): { units: number; tail: number } {
  const { coin, reward } = node.presetParams(DEFAULT_PRESET, { name, genesisTime: 0 });
  return { units: coin.unitsPerCoin, tail: reward.tail };
}

function choicesOf(flags: NetworkFlags, preset: Network["params"], node: Making): Outcome<NetworkChoices> {
  const units = preset.coin.unitsPerCoin;
  const reward = flags.reward === undefined ? null : rewardOf(flags.reward, units, preset.reward.tail);
  if (reward !== null && !reward.ok) return wrongUse(reward.fault);
  const allocations: { account: AccountId; amount: number }[] = [];
  for (const text of flags.allocate ?? []) {
    const allocation = allocationOf(text, units, node);
    if (!allocation.ok) return wrongUse(allocation.fault);
    allocations.push(allocation.value);
  }
  const keys: AccountId[] = [];
  for (const text of flags.signer ?? []) {
    const key = node.readKey(text);
    if (!key.ok) return wrongUse(key.fault);
    keys.push(key.value);
  }
  if (keys.length === 0 && (flags.signatures !== undefined || flags.signEvery !== undefined)) {
    return wrongUse(
      problem(
        "signers-missing",
        "Nobody is named who could sign checkpoints.",
        "Name them with --signer KEY.",
      ),
    );
  }
  const least = node.leastSignatures(keys.length);
  const needed = flags.signatures ?? least;
  if (keys.length > 0 && (needed < least || needed > keys.length)) {
    const cause = `More than two thirds of the ${plural(keys.length, "signer")} must sign, or two halves could sign two chains; ${needed} cannot be asked for.`;
    const nextStep = `Say --signatures from ${least} to ${keys.length}, or leave it out.`;
    return wrongUse(problem("signatures-refused", cause, nextStep));
  }
  return ok({
    name: preset.name,
    genesisTime: flags.time ?? node.nowSeconds(),
    allocations,
    ...(flags.coin === undefined ? {} : { symbol: flags.coin }),
    ...(flags.spacing === undefined ? {} : { spacingSeconds: flags.spacing }),
    ...(reward === null ? {} : { reward: reward.value }),
    checkpoints:
      keys.length === 0 ? null : { keys, needed, everyBlocks: flags.signEvery ?? SIGN_EVERY_BLOCKS },
  });
}

/** What is paid for ever is the preset's, and never more than at first. */
function rewardOf(
  text: string,
  units: number,
  tail: number,
): Result<{ initial: number; tail: number }, Problem> {
  if (/^0+(\.0+)?$/.test(text)) return ok({ initial: 0, tail: 0 });
  const initial = parseAmount(text, units);
  if (!initial.ok) return initial;
  return ok({ initial: initial.value, tail: Math.min(initial.value, tail) });
}

function allocationOf(
  text: string,
  units: number,
  node: Making,
): Result<{ account: AccountId; amount: number }, Problem> {
  const [who = "", coins, ...rest] = text.split("=");
  if (coins === undefined || rest.length > 0) {
    const cause = `"${text.slice(0, 80)}" does not say whose how many coins are.`;
    return fail(problem("allocation-malformed", cause, "Say KEY=COINS, for instance 12D3KooW...=100."));
  }
  const account = node.readKey(who);
  if (!account.ok) return account;
  const amount = parseAmount(coins, units);
  return amount.ok ? ok({ account: account.value, amount: amount.value }) : amount;
}

function createdText(network: Network, file: string, terminal: Terminal, node: Making): string {
  return [
    `${terminal.style(oneLine(file), "strong")} is the file of the network ${oneLine(network.params.name)}.`,
    "",
    networkText(network, terminal, node),
    "",
    "Give this very file to everybody who is to join: each byte of what it says is part of the network's name.",
    `Join with: waybill start --network ${oneLine(file)} --data DIR`,
  ].join("\n");
}

/** @param file null: the network that comes with Waybill. */
export async function showNetwork(file: string | null, { terminal, json }: Context): Promise<Outcome> {
  const node = await import("#node/network-create.ts");
  const opened = node.openNetworkFile(file);
  if (!opened.ok) return failed(opened.fault);
  if (json) terminal.printJson(networkJson(opened.value, file));
  else terminal.print(networkText(opened.value, terminal, node));
  return ok();
}

function networkJson({ params, chainIdHex, genesis }: Network, file: string | null) {
  return { file, chainId: chainIdHex, genesisBlock: genesis.id, params };
}

function networkText(network: Network, terminal: Terminal, node: Making): string {
  const { params, chainIdHex } = network;
  const rows = [
    ["Network", params.name],
    ["Chain id", chainIdHex],
    ["Begins", beginningText(params, node)],
    ...paceRows(network),
    ...coinRows(network, node),
    ...recordRows(network),
    ...checkpointRows(network, node),
  ];
  return tableText(
    rows.map((row) => row.map(oneLine)),
    Number.POSITIVE_INFINITY,
    terminal.glyphs.ellipsis,
  );
}

function beginningText({ genesisTime, maxFutureSeconds }: Network["params"], node: Making): string {
  const text = new Date(genesisTime * 1000).toISOString();
  return genesisTime > node.nowSeconds() + maxFutureSeconds ? `${text}; no block can be found before` : text;
}

const DAY_SECONDS = 86_400;

function lasting(blocks: number, { params }: Network): string {
  const seconds = blocks * params.targetSpacingSeconds;
  return seconds < 2 * DAY_SECONDS ? durationText(seconds) : plural(Math.round(seconds / DAY_SECONDS), "day");
}

function paceRows({ params }: Network): readonly (readonly string[])[] {
  const { targetSpacingSeconds, minGapSeconds, tauSeconds, maxFutureSeconds, easeAfterSeconds } = params;
  return [
    ["Blocks", `one in ${targetSpacingSeconds} s on average, never two within ${minGapSeconds} s`],
    ["", `up to ${params.maxBlockBytes} bytes and ${plural(params.maxBlockSignatures, "signature")} each`],
    ["Difficulty", `twice as easy for each ${tauSeconds} s behind schedule, twice as hard for each ahead`],
    [
      "",
      easeAfterSeconds === 0
        ? "a late block is not eased"
        : `after ${easeAfterSeconds} s without a block, easier with each further ${targetSpacingSeconds} s`,
    ],
    [
      "",
      `starts at ${params.initialBits.toString(16)}, never easier than ${params.powLimitBits.toString(16)}`,
    ],
    ["Clocks", `a block may be dated ${maxFutureSeconds} s ahead`],
  ];
}

function coinRows(network: Network, node: Making): readonly (readonly string[])[] {
  const { params } = network;
  const { coin, reward, allocations } = params;
  const coins = (units: number) => `${formatAmount(units, coin.unitsPerCoin)} ${coin.symbol}`;
  const halved = `halved every ${plural(reward.halvingBlocks, "block")} (${lasting(reward.halvingBlocks, network)})`;
  const paid = `paid ${plural(params.payoutDelayBlocks, "block")} later`;
  return [
    ["Coin", `1 ${coin.symbol} is ${coin.unitsPerCoin} of the smallest unit`],
    [
      "Reward",
      reward.initial === 0 && reward.tail === 0
        ? "no new coins; miners earn fees"
        : `${coins(reward.initial)} a block, ${halved}, never below ${coins(reward.tail)}; ${paid}`,
    ],
    ...(allocations.length === 0
      ? [["At the start", "nobody owns coins"]]
      : allocations.map(({ account, amount }, at) => [
          at === 0 ? "At the start" : "",
          `${coins(amount)} for ${node.peerOfAccount(account)}`,
        ])),
  ];
}

function recordRows(network: Network): readonly (readonly string[])[] {
  const { coin, freeAnchors, names, validUntilMaxBlocks, signatureRule } = network.params;
  const coins = (units: number) => `${formatAmount(units, coin.unitsPerCoin)} ${coin.symbol}`;
  return [
    [
      "Transactions",
      `may wait for ${plural(validUntilMaxBlocks, "block")} at most; signed by ${signatureRule}`,
    ],
    [
      "Free receipts",
      `${freeAnchors.perBlock} a block, ${freeAnchors.perAccountPerBlock} of one account, for a stamp of ${freeAnchors.stampBits} bits`,
    ],
    [
      "Names",
      `${coins(names.basePrice)}, twice as much for each character below ${names.cheapFromChars}, burned; ` +
        `${coins(names.commitPrice)} to reserve`,
    ],
    [
      "",
      `claimed ${names.claimAfterBlocks} to ${names.claimWithinBlocks} blocks after reserving, ` +
        `${plural(names.claimsPerAccountPerBlock, "claim")} of one account a block`,
    ],
    [
      "",
      `for ${lasting(names.lifeBlocks, network)}, and ${lasting(names.graceBlocks, network)} more for its owner to renew`,
    ],
  ];
}

function checkpointRows({ params }: Network, node: Making): readonly (readonly string[])[] {
  const { checkpoints } = params;
  if (checkpoints === null) return [["Checkpoints", "none: only work decides between branches"]];
  const { keys, needed, everyBlocks } = checkpoints;
  return [
    [
      "Checkpoints",
      `every ${plural(everyBlocks, "block")}; final with ${needed} of ${plural(keys.length, "signature")} of`,
    ],
    ...keys.map((key) => ["", node.peerOfAccount(key)]),
  ];
}
