/** Owns finding what `JSON.parse` passes over in silence: a field that an object names twice, of which the last would count. */

const TOKEN = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\],]/g;

/**
 * The first key that stands twice in one object, at whatever depth; `null` when none does.
 * @param json text that `JSON.parse` has read.
 */
export function repeatedKey(json: string): string | null {
  // Of each object that is open the keys so far; of an array `null`.
  const open: (Set<string> | null)[] = [];
  let isKeyNext = false;
  for (const [token] of json.matchAll(TOKEN)) {
    if (token === "{") open.push(new Set());
    else if (token === "[") open.push(null);
    else if (token === "}" || token === "]") open.pop();
    const keys = open.at(-1) ?? null;
    if (token.startsWith('"')) {
      if (!isKeyNext || keys === null) continue;
      // Two spellings of one key are one: escapes are read first.
      const key = String(JSON.parse(token));
      if (keys.has(key)) return key;
      keys.add(key);
    }
    isKeyNext = keys !== null && (token === "{" || token === ",");
  }
  return null;
}
