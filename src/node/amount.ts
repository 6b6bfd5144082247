/** Owns how amounts of coins are written: decimal text, exact, never floating point. */

/** What coins are called in a network, and how many of its smallest units are one. */
export interface Coin {
  readonly symbol: string;
  readonly unitsPerCoin: number;
}

/** The exact decimal text of an amount, without needless zeros: `250000000` of 10^8 is `2.5`. */
export function formatAmount(units: number, unitsPerCoin: number): string {
  const decimals = String(unitsPerCoin).length - 1;
  if (10 ** decimals !== unitsPerCoin) return `${units}/${unitsPerCoin}`;
  const digits = String(units).padStart(decimals + 1, "0");
  const fraction = digits.slice(digits.length - decimals).replace(/0+$/, "");
  const whole = digits.slice(0, digits.length - decimals);
  return decimals === 0 || fraction === "" ? whole : `${whole}.${fraction}`;
}

/** With the network's own word for its coins: `2.5 WB`. */
export function coinText(units: number, { symbol, unitsPerCoin }: Coin): string {
  return `${formatAmount(units, unitsPerCoin)} ${symbol}`;
}
