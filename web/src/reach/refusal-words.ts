/** Owns what the counts of refusals are called. A reason without words here is shown as the peer names it. */
const WORDS: ReadonlyMap<string, string> = new Map([
  ["mode", "Called, though nobody may call"],
  ["blocked", "On the list of those who may not"],
  ["not-allowed", "Not on the list of those who may"],
  ["half-open-silent", "Connected and said nothing"],
  ["half-open-displaced", "Was silent while others waited"],
  ["half-open-slow", "Took too long to say who they are"],
  ["half-open-full", "Too many unfinished connections"],
  ["handshakes-of-address", "One address called too often"],
  ["handshakes-in-all", "Too many calls in all"],
  ["not-waybill", "Spoke something else than Waybill"],
  ["address-full", "Too many connections from one address"],
  ["group-full", "Too many connections from one network"],
  ["relay-full", "Too many connections over one relay"],
  ["relays-full", "Too many connections over relays"],
  ["all-full", "Too many connections in all"],
  ["network-key", "Without the key of this network"],
]);

export function refusalWords(reason: string): string {
  return WORDS.get(reason) ?? reason;
}
