/** Owns what a person is told when a peer was not reached: the cause in words, and what to do. Pure. */
import { type Problem, problem } from "#base/result.ts";
import { readableAddress } from "../addresses.ts";
import type { DialAttempt } from "../reach.ts";

/** What Node and libp2p call it, most telling first, and what it means. */
const CAUSES: readonly (readonly [RegExp, (where: string) => Problem])[] = [
  [
    /Can ?not dial self|dial self/i,
    () =>
      problem("address-own", "This is the address of this very peer.", "Give the address of the other one."),
  ],
  [
    // Whether the relay or the peer behind it refused is not told; the relay is asked about its quota (relay-watch.ts).
    /PERMISSION_DENIED/,
    (where) =>
      problem(
        "relay-refused",
        `The relay did not connect to ${where}: the peer takes no calls from here, or the relay carries no more for now.`,
        "It is tried again by itself.",
      ),
  ],
  [
    /gate|intercepted|denied/i,
    () =>
      problem(
        "peer-refused",
        "The peer is blocked here, or misbehaved lately.",
        "Unblock it, or wait a while.",
      ),
  ],
  [
    /identity|UnexpectedPeer|did not match|expected peer/i,
    (where) =>
      problem(
        "peer-other",
        `Another peer than expected answered at ${where}.`,
        "Ask for the address and peer id that its page shows now.",
      ),
  ],
  [
    /NO_RESERVATION/,
    (where) =>
      problem(
        "peer-not-at-relay",
        `The peer is not connected to ${where}.`,
        "Check that it runs and uses the same tracker; it is tried again by itself.",
      ),
  ],
  [
    /RESOURCE_LIMIT_EXCEEDED/,
    (where) =>
      problem(
        "relay-limit",
        `All places are taken, or a quota is used up, at ${where}.`,
        "It is tried again by itself; another tracker, or a straight address, gets through meanwhile.",
      ),
  ],
  [
    /ECONNREFUSED/,
    (where) =>
      problem(
        "connection-refused",
        `Nothing listens at ${where}.`,
        "Start Waybill there, or check the port.",
      ),
  ],
  [
    /ENOTFOUND|EAI_AGAIN/,
    (where) => problem("name-unknown", `The name in ${where} is not known.`, "Give its IP address instead."),
  ],
  [
    /ENETUNREACH|EHOSTUNREACH|EADDRNOTAVAIL|EINVAL/,
    (where) =>
      problem(
        "no-route",
        `This computer has no way to ${where}.`,
        "Check that both are on the same network, or try another of its addresses.",
      ),
  ],
  [
    /abort|timed? ?out|ETIMEDOUT/i,
    (where) =>
      problem(
        "no-answer",
        `No answer from ${where} in time.`,
        "Check that it is switched on, and that its firewall lets this TCP port in.",
      ),
  ],
  [
    /EncryptionFailed|ECONNRESET|closed|EOF|muxer|protocol/i,
    (where) =>
      problem(
        "not-waybill",
        `Whatever answers at ${where} broke off, or does not speak Waybill.`,
        "Check the address; if it is right, compare both versions, and whether both hold the same network key or none.",
      ),
  ],
];

/** @param where the addresses tried, as text. */
export function dialProblem(error: unknown, where: string): Problem {
  const text = textOf(error);
  for (const [pattern, word] of CAUSES) if (pattern.test(text)) return word(where);
  return problem("unreachable", `${where} was not reached.`, "It is tried again by itself.");
}

/**
 * The most telling cause, told of the addresses of which it holds.
 * @param attempts how calls to single addresses ended, as far as that is known.
 */
export function whyUnreached(
  error: unknown,
  addresses: readonly string[],
  attempts: readonly DialAttempt[],
): Problem {
  const why = dialProblem(error, addresses.map(readableAddress).join(", "));
  const alike = addresses.filter((address) =>
    attempts.some((attempt) => attempt.address === address && attempt.problem?.code === why.code),
  );
  return alike.length === 0 ? why : dialProblem(error, alike.map(readableAddress).join(", "));
}

function textOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(textOf).join("; ");
  if (!(error instanceof Error)) return String(error);
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  return `${error.name} ${code} ${error.message}`;
}
