/** Owns giving up on work that is not needed any more: nobody waits at a shutdown for what takes its time. */

/**
 * @param ended never rejects.
 * @param onLate told of what the work gives after all, to be undone; what it throws then concerns nobody.
 * @returns what `work` gives, or `null` at once when `ended` resolves first.
 */
export async function unlessEnded<Value>(
  work: Promise<Value>,
  ended: Promise<void>,
  onLate: (value: Value) => void,
): Promise<Value | null> {
  let hasEnded = false;
  const end = ended.then(() => {
    hasEnded = true;
    return null;
  });
  const first = await Promise.race([work, end]);
  if (!hasEnded) return first;
  work.then(onLate, () => undefined);
  return null;
}
