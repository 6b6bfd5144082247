/** Owns having a file checked by this page: a thread for each, and what is told when there is no answer. */
import type { Answered } from "#api/client.ts";
import type { Judgement } from "./judge.ts";

/** What the thread answers; `cause`: why the browser did not let it read the file. */
export type CheckAnswer =
  | { readonly ok: true; readonly value: Judgement }
  | { readonly ok: false; readonly cause: string };

export interface Checked extends Judgement {
  readonly file: File;
}

/** The largest file takes some seconds on a slow computer; what takes longer than this will not end. */
const CHECK_MS_MAX = 60_000;

const refused = (code: string, cause: string, nextStep: string): Answered<never> => ({
  ok: false,
  fault: { code, cause, nextStep },
});

/** The file is read and judged in this browser; nothing of it goes to the peer. Aborted, the thread ends at once. */
export function checkFile(file: File, signal: AbortSignal): Promise<Answered<Checked>> {
  const thread = new Worker(new URL("./check-thread.ts", import.meta.url), {
    type: "module",
    name: "waybill-check",
  });
  let timer = 0;
  const answer = new Promise<Answered<Checked>>((resolve) => {
    timer = window.setTimeout(() => resolve(tooSlow), CHECK_MS_MAX);
    signal.addEventListener("abort", () => resolve(stopped), { once: true });
    thread.addEventListener("error", () => resolve(notLoaded));
    thread.addEventListener("message", ({ data }: MessageEvent<CheckAnswer>) =>
      resolve(data.ok ? { ok: true, value: { ...data.value, file }, eventId: null } : unreadable(data.cause)),
    );
  });
  thread.postMessage(file);
  return answer.finally(() => {
    window.clearTimeout(timer);
    thread.terminate();
  });
}

const tooSlow = refused(
  "check-too-slow",
  `The check did not end within ${CHECK_MS_MAX / 1000} seconds.`,
  "Check it in a terminal with: waybill verify FILE.waybill",
);

const stopped = refused("check-stopped", "Another file was chosen meanwhile.", "Choose this one again.");

const notLoaded = refused(
  "check-not-loaded",
  "The part of the page that checks receipts could not be loaded.",
  "See that your peer runs, then reload the page and choose the file again.",
);

const unreadable = (cause: string) =>
  refused(
    "file-unreadable",
    `The file cannot be read (${cause}).`,
    "Check that it is there, and choose it again.",
  );
