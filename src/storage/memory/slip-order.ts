/** Keeps the one series from which messages and transfers take their place in the history. */
export function orderSeries(): () => number {
  let last = 0;
  return () => {
    last += 1;
    return last;
  };
}
