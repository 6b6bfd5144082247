/**
 * Owns the identity file: the 32-byte Ed25519 seed from which peer id and account follow. Made at the first start,
 * mode 0600, never rewritten.
 */
import { randomBytes } from "node:crypto";
import { chmodSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { fromHex, toHex } from "#base/bytes.ts";
import { fail, ok, type Problem, problem, type Result } from "#base/result.ts";
import { createKeypair, type Keypair } from "#crypto/ed25519.ts";
import { writeDurably } from "./durable-file.ts";

const FILE_NAME = "identity.key";
const HEADER = "waybill-identity-v1 ";
const SEED_BYTES = 32;
/** The header, 64 hex digits and a line end; a file beyond this is not ours. */
const FILE_BYTES_MAX = 256;

export interface Identity {
  readonly keypair: Keypair;
  readonly isNew: boolean;
}

export function openIdentity(dataDir: string): Result<Identity, Problem> {
  const path = join(dataDir, FILE_NAME);
  let text: string;
  try {
    if (statSync(path).size > FILE_BYTES_MAX) return corrupt("is too large");
    text = readFileSync(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return create(path);
    return corrupt(`cannot be read (${error instanceof Error ? error.message : String(error)})`);
  }
  const seed = text.startsWith(HEADER) ? fromHex(text.slice(HEADER.length).trimEnd()) : null;
  if (seed === null || seed.length !== SEED_BYTES) return corrupt("does not hold a key");
  const exposed = makePrivate(path);
  return exposed ?? ok({ keypair: createKeypair(seed), isNew: false });
}

/** A copied or restored file may have lost its mode; the key is worth the correction at every start. */
function makePrivate(path: string): Result<never, Problem> | null {
  if (process.platform === "win32" || (statSync(path).mode & 0o777) === 0o600) return null;
  try {
    chmodSync(path, 0o600);
    return null;
  } catch (error) {
    return fail(
      problem(
        "identity-exposed",
        `The file ${FILE_NAME} in the data folder is not yours alone, and that cannot be changed (${error instanceof Error ? error.message : String(error)}).`,
        "Make it yours and set its mode to 600, on a disk that can be written.",
      ),
    );
  }
}

function create(path: string): Result<Identity, Problem> {
  const seed = new Uint8Array(randomBytes(SEED_BYTES));
  try {
    writeDurably(path, `${HEADER}${toHex(seed)}\n`, 0o600);
  } catch (error) {
    return fail(
      problem(
        "data-folder-not-writable",
        `The identity could not be written (${error instanceof Error ? error.message : String(error)}).`,
        "Free some space or choose another folder with --data.",
      ),
    );
  }
  return ok({ keypair: createKeypair(seed), isNew: true });
}

function corrupt(cause: string): Result<never, Problem> {
  return fail(
    problem(
      "identity-corrupt",
      `The file ${FILE_NAME} in the data folder ${cause}; without it nobody can speak as this peer.`,
      "Put back a copy of it, or move it away to start as somebody new: people will then see a different key.",
    ),
  );
}
