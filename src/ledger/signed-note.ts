/**
 * Owns the text form of signed notes (C2SP signed-note v1.0.0): a text, an empty line, signature lines. Reads one
 * spelling only, the one it writes itself. Knows neither what the text says nor whether a signature stands.
 */
import { concat, equalBytes, fromUtf8, utf8 } from "#base/bytes.ts";
import { fail, ok, type Result } from "#base/result.ts";
import { sha256 } from "#crypto/sha256.ts";
import { NOTE_CHARS_MAX, NOTE_KEY_NAME_CHARS_MAX, NOTE_SIGNATURES_MAX } from "./limits.ts";

const KEY_ID_BYTES = 4;

/** One line of a note: who signed, as the line says it, and what was made with that key. */
export interface NoteSignature {
  readonly keyName: string;
  /** 4 bytes. */
  readonly keyId: Uint8Array;
  /** What the signature type puts behind the key id. */
  readonly signature: Uint8Array;
}

export interface SignedNote {
  /** Ends with a line feed. */
  readonly text: string;
  /** At least one. */
  readonly signatures: readonly NoteSignature[];
}

export interface NoteFault {
  readonly code: "note-malformed";
  readonly cause: string;
}

/** The first four bytes of SHA-256 over name, line feed, signature type and key (signed-note, "Signatures"). */
export function noteKeyId(keyName: string, signatureType: number, publicKey: Uint8Array): Uint8Array {
  const named = concat(utf8(`${keyName}\n`), Uint8Array.of(signatureType), publicKey);
  return sha256(named).slice(0, KEY_ID_BYTES);
}

export function encodeNote({ text, signatures }: SignedNote): string {
  const lines = signatures.map(
    ({ keyName, keyId, signature }) => `— ${keyName} ${encodeBase64(concat(keyId, signature))}\n`,
  );
  return `${text}\n${lines.join("")}`;
}

function malformed(cause: string): Result<never, NoteFault> {
  return fail({ code: "note-malformed", cause });
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: the format forbids them, save the line feed.
const CONTROL = /[\u0000-\u0009\u000b-\u001f]/;
/** One class and no nesting: linear in what it reads. */
const KEY_NAME = /^[^\s+]+$/u;
const SIGNATURE_MARK = "— ";

/** A refusal for anything that {@link encodeNote} would not have written. Never throws. */
export function decodeNote(noteText: string): Result<SignedNote, NoteFault> {
  if (noteText.length > NOTE_CHARS_MAX) return malformed(`it is longer than ${NOTE_CHARS_MAX} characters`);
  if (CONTROL.test(noteText)) return malformed("it holds a control character");
  if (!noteText.isWellFormed()) return malformed("it holds half a character");
  const boundary = noteText.lastIndexOf("\n\n");
  if (boundary < 1) return malformed("it has no empty line before its signatures");
  const block = noteText.slice(boundary + 2);
  if (!block.endsWith("\n")) return malformed("it does not end with a line feed");
  const lines = block.slice(0, -1).split("\n");
  if (lines.length > NOTE_SIGNATURES_MAX)
    return malformed(`it has more than ${NOTE_SIGNATURES_MAX} signatures`);
  const signatures: NoteSignature[] = [];
  for (const line of lines) {
    const signature = decodeLine(line);
    if (signature === null) return malformed("it has a line that is no signature");
    signatures.push(signature);
  }
  return ok({ text: noteText.slice(0, boundary + 1), signatures });
}

/** The same, of UTF-8 bytes. */
export function decodeNoteBytes(bytes: Uint8Array): Result<SignedNote, NoteFault> {
  // No character takes more than four bytes: what is longer is refused before it is decoded.
  if (bytes.length > 4 * NOTE_CHARS_MAX) return malformed(`it is longer than ${NOTE_CHARS_MAX} characters`);
  const text = fromUtf8(bytes);
  return text === null ? malformed("it is not UTF-8") : decodeNote(text);
}

function decodeLine(line: string): NoteSignature | null {
  if (!line.startsWith(SIGNATURE_MARK)) return null;
  const [keyName = "", base64 = "", ...rest] = line.slice(SIGNATURE_MARK.length).split(" ");
  if (rest.length > 0 || keyName.length > NOTE_KEY_NAME_CHARS_MAX || !KEY_NAME.test(keyName)) return null;
  const bytes = decodeBase64(base64);
  if (bytes === null || bytes.length <= KEY_ID_BYTES) return null;
  return { keyName, keyId: bytes.slice(0, KEY_ID_BYTES), signature: bytes.slice(KEY_ID_BYTES) };
}

/** RFC 4648 section 4, padded. */
export function encodeBase64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}

/** `null` for anything that {@link encodeBase64} would not have written. */
export function decodeBase64(text: string): Uint8Array | null {
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return null;
  const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  // Padding hides bits that must be zero: only the spelling that we write counts.
  return encodeBase64(bytes) === text ? bytes : null;
}

export function isSameKey(
  line: Pick<NoteSignature, "keyName" | "keyId">,
  keyName: string,
  keyId: Uint8Array,
): boolean {
  return line.keyName === keyName && equalBytes(line.keyId, keyId);
}
