/** Owns what may be asked of whatever holds things in memory for others: how many there are, and the most there may be. */

/** Counted, not estimated: for whoever watches that no stranger can fill our memory. */
export interface Holding {
  readonly what: string;
  readonly count: number;
  readonly limit: number;
}
