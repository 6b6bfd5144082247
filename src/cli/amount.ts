/** Owns the reading of amounts of coins as people write them: decimal text, exact, never floating point. */
import { fail, ok, type Problem, problem, type Result } from "#base/result.ts";

export { formatAmount } from "#node/amount.ts";

function refused(cause: string): Result<never, Problem> {
  return fail(problem("amount-malformed", cause, "Write coins as a decimal number, for instance 2.5."));
}

/** Coins as decimal text to the smallest unit. Refuses signs, exponents, and parts of a unit. */
export function parseAmount(text: string, unitsPerCoin: number): Result<number, Problem> {
  const match = /^([0-9]{1,16})(?:\.([0-9]{1,16}))?$/.exec(text);
  if (match === null) return refused("The amount is not a plain decimal number.");
  const [, whole = "0", fraction = ""] = match;
  const scale = 10n ** BigInt(fraction.length);
  const scaled = BigInt(whole + fraction) * BigInt(unitsPerCoin);
  if (scaled % scale !== 0n) return refused("The amount has more decimals than a coin has parts.");
  const units = scaled / scale;
  if (units > BigInt(Number.MAX_SAFE_INTEGER))
    return refused("The amount is larger than all coins there can be.");
  if (units === 0n) return refused("The amount is zero.");
  return ok(Number(units));
}
