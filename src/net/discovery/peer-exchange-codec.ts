/** Owns the one message of peer exchange: a list of signed profiles (spec/peer-exchange.md). Pure. */
import { ByteWriter, type DecodeFault, decodeWith } from "#base/bytes.ts";
import { fail, type Result } from "#base/result.ts";
import { EXCHANGE_FRAME_BYTES_MAX, EXCHANGE_PROFILES_MAX, PROFILE_BYTES_MAX } from "../limits.ts";

const FORMAT_VERSION = 1;

/** @param profiles encoded signed profiles, at most `EXCHANGE_PROFILES_MAX`. */
export function encodePeers(profiles: readonly Uint8Array[]): Uint8Array {
  if (profiles.length > EXCHANGE_PROFILES_MAX) throw new RangeError(`${profiles.length} profiles at once`);
  const writer = new ByteWriter().u8(FORMAT_VERSION).u8(profiles.length);
  for (const profile of profiles) writer.short(profile);
  return writer.done();
}

/** The encoded profiles, none of them looked into: that costs a signature check each and is the caller's choice. */
export function decodePeers(bytes: Uint8Array): Result<readonly Uint8Array[], DecodeFault> {
  if (bytes.length > EXCHANGE_FRAME_BYTES_MAX) {
    return fail({ code: "malformed", what: `a list of ${bytes.length} bytes`, at: 0 });
  }
  return decodeWith(bytes, (reader) => {
    const formatVersion = reader.u8();
    if (formatVersion !== FORMAT_VERSION) reader.refuse(`peer exchange format ${formatVersion} is not known`);
    return reader.list(EXCHANGE_PROFILES_MAX, "profiles", () => reader.short(PROFILE_BYTES_MAX, "profile"));
  });
}
