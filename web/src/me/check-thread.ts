/**
 * Owns the thread in which one file is judged, so that the page stays at hand however large or hostile the file is.
 * It comes with its own code (curve, hashes, rules, networks), fetched when the first file is checked.
 */
import { WAYBILL_BYTES_MAX } from "#receipts/index.ts";
import classroom from "../../../networks/classroom.json?raw";
import ours from "../../../networks/default.json?raw";
import internet from "../../../networks/internet.json?raw";
import type { CheckAnswer } from "./check-file.ts";
import { judge } from "./judge.ts";

const GENESIS_TEXTS = [ours, classroom, internet];

async function check(file: File): Promise<CheckAnswer> {
  try {
    // One byte beyond the limit is enough to be refused for it, and a disk full of bytes is not read.
    const bytes = await file.slice(0, WAYBILL_BYTES_MAX + 1).arrayBuffer();
    return { ok: true, value: judge(new Uint8Array(bytes), GENESIS_TEXTS) };
  } catch (error) {
    return { ok: false, cause: error instanceof Error ? error.message : String(error) };
  }
}

self.addEventListener("message", (event: MessageEvent<File>) => {
  void check(event.data).then((answer) => self.postMessage(answer));
});
