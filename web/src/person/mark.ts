/**
 * Owns the two marks drawn from a key: the identicon by which a person is recognised, and the stroke with which
 * that key signs a slip. The same key gives the same marks on every computer. They help the eye; they prove
 * nothing: equality is proved by comparing the key.
 */

/** A 32-bit generator (xorshift32) seeded by FNV-1a over the key: small, and plenty for a drawing. */
function numbersFrom(key: string): () => number {
  let state = 0x811c9dc5;
  for (const character of key) state = Math.imul(state ^ (character.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  if (state === 0) state = 1;
  const next = () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 0x1_0000_0000;
  };
  // The first numbers of close seeds resemble each other.
  for (let skip = 0; skip < 8; skip += 1) next();
  return next;
}

/** Grid of the identicon: 5 by 5, mirrored, so that three columns decide. */
export const IDENTICON_CELLS = 5;

export interface Identicon {
  /** 0–359: hue of the ink, which the style sheet gives a fixed lightness by day and by night. */
  readonly hue: number;
  /** Filled cells as `[column, row]`. */
  readonly cells: readonly (readonly [number, number])[];
}

export function identicon(key: string): Identicon {
  const next = numbersFrom(key);
  const hue = Math.floor(next() * 360);
  const cells: [number, number][] = [];
  const half = Math.ceil(IDENTICON_CELLS / 2);
  for (let row = 0; row < IDENTICON_CELLS; row += 1) {
    for (let column = 0; column < half; column += 1) {
      if (next() < 0.48) continue;
      cells.push([column, row]);
      const mirrored = IDENTICON_CELLS - 1 - column;
      if (mirrored !== column) cells.push([mirrored, row]);
    }
  }
  return { hue, cells };
}

/** Box of the signature's path. */
export const SIGNATURE_WIDTH = 120;
export const SIGNATURE_HEIGHT = 28;

/** The path of a handwritten stroke: loops of differing height that run to the right. */
export function signaturePath(key: string): string {
  const next = numbersFrom(`signature ${key}`);
  const loops = 5 + Math.floor(next() * 4);
  const step = (SIGNATURE_WIDTH - 26) / loops;
  const round = (value: number) => Math.round(value * 10) / 10;
  let x = 4 + next() * 6;
  let y = 18;
  let path = `M${round(x)} ${round(y)}`;
  for (let loop = 0; loop < loops; loop += 1) {
    const tall = loop === 0 || next() < 0.3;
    const top = tall ? 2 + next() * 4 : 10 + next() * 4;
    const bottom = next() < 0.2 ? 26 : 18 + next() * 4;
    const toX = x + step * (0.75 + next() * 0.5);
    path += `C${round(x + step * 0.9)} ${round(top)} ${round(x - step * 0.3)} ${round(top)} ${round(x + step * 0.4)} ${round(bottom)}`;
    path += `S${round(toX)} ${round(y + 4)} ${round(toX)} ${round(16 + next() * 3)}`;
    x = toX;
    y = 17;
  }
  return `${path}q8 6 ${round(SIGNATURE_WIDTH - 4 - x)} ${round(-4 + next() * 8)}`;
}
