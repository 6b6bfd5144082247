/** Owns what people are told about transfers that wait or ended. Codes are stable. */
import { unreachable } from "#base/assert.ts";
import { type Problem, problem } from "#base/result.ts";
import type { DialFault, StreamFault } from "#ports/network.ts";
import type { WireReason } from "./codec.ts";

const BY_ITSELF = "It goes on by itself.";

export const TO_ONESELF = problem("to-oneself", "This is your own peer.", "Choose somebody else.");
export const NOTHING_TO_SEND = problem(
  "nothing-to-send",
  "There is no file to send: links, devices and empty folders are left out.",
  "Choose at least one file.",
);
export const TOO_MANY_FILES = problem(
  "too-many-files",
  "There are more files than one delivery may hold.",
  "Send the folder in parts, or as one archive.",
);
export const TOO_MANY_TRANSFERS = problem(
  "too-many-transfers",
  "Too many transfers to this person have not ended.",
  "Wait for some of them, or cancel some.",
);
export const PATH_NOT_ABSOLUTE = problem(
  "path-not-absolute",
  "A path is not absolute.",
  "Give the whole path of each file and folder.",
);
export const FOLDER_UNUSABLE = problem(
  "folder-unusable",
  "The folder to save in does not exist or cannot be written.",
  "Choose a folder that exists and that you may write to.",
);
export const UNKNOWN_TRANSFER = problem(
  "unknown-transfer",
  "There is no such transfer.",
  "Look at the list of transfers.",
);
export const NOT_ASKED = problem(
  "not-waiting-for-an-answer",
  "This transfer does not wait for your answer.",
  "Look at its state: it may have been answered or called off.",
);
export const PLACING = problem(
  "transfer-placing",
  "All of it has arrived, and the files are being put in their places.",
  "It is too late to call it off; it ends by itself.",
);
export const ENDED = problem("transfer-ended", "This transfer has ended.", "Nothing to do.");
export const STORAGE_FAILED = problem(
  "storage-failed",
  "This computer could not write to its data folder.",
  "Make room on the disk or check its rights; it is tried again by itself.",
);

export const NOT_OFFERED_YET = problem("not-offered-yet", "The offer is about to be made.", BY_ITSELF);
export const WAITS_FOR_THEM = problem(
  "waits-for-them",
  "Somebody on the other side has to accept.",
  "Ask the person to look at Waybill.",
);
export const WAITS_FOR_YOU = problem(
  "waits-for-you",
  "These files wait for your yes.",
  "Accept or decline them.",
);
export const WAITS_FOR_FETCH = problem(
  "waits-for-fetch",
  "The other side accepted; it fetches and checks the files when it can.",
  BY_ITSELF,
);
export const NOT_FETCHED_YET = problem("not-fetched-yet", "The files are about to be fetched.", BY_ITSELF);
export const WAITS_TURN = problem("waits-turn", "Other transfers move first.", BY_ITSELF);
export const NO_SPACE = problem(
  "no-space",
  "The disk has not enough room for these files.",
  "Free some space; it goes on by itself.",
);
export const CANCELLED_BY_YOU = problem(
  "cancelled-by-you",
  "You called it off.",
  "Send it again if you like.",
);
export const CANCELLED_BY_THEM = problem(
  "cancelled-by-them",
  "The other side called it off.",
  "Ask the person if you did not expect that.",
);
export const DECLINED_BY_YOU = problem("declined-by-you", "You declined these files.", "Nothing to do.");
export const DECLINED_BY_THEM = problem(
  "declined-by-them",
  "The other side did not want these files.",
  "Ask the person another way.",
);
export const BAD_ANSWER = problem(
  "bad-answer",
  "The other side answered with something that is not valid.",
  "Ask for the version of Waybill there; it is tried again by itself.",
);
export const SOURCE_CHANGED = problem(
  "source-changed",
  "A file was changed while it was read for sending.",
  "Send the files again once nothing writes to them.",
);
export const DISK_UNRELIABLE = problem(
  "disk-unreliable",
  "The disk gave back something else than was written to it, again and again.",
  "Check the disk before you trust it with anything.",
);

export function sourceMissing(path: string): Problem {
  return problem("source-missing", `Not found: ${path}`, "Check the path.");
}

export function sourceUnreadable(path: string, error: unknown): Problem {
  const code = systemCode(error);
  if (code === "ENOENT") return sourceMissing(path);
  return problem("source-unreadable", `Cannot be read (${code}): ${path}`, "Check the rights of the file.");
}

/** @param fault of `manifestFault`. */
export function manifestProblem(fault: string): Problem {
  return problem(
    "not-sendable",
    `The files do not fit into one delivery: ${fault}.`,
    "Send fewer or rename them.",
  );
}

/** `ENOSPC` and the like; "unknown" for what no system threw. */
export function systemCode(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "unknown";
}

/** What a fault of our own disk means for a transfer that comes in. */
export function diskProblem(error: unknown): Problem {
  const code = systemCode(error);
  if (code === "ENOSPC" || code === "EDQUOT") return NO_SPACE;
  return problem(
    "disk-failed",
    `The files could not be written (${code}).`,
    "Check the disk and the rights of the folder; it is tried again by itself.",
  );
}

export function dialProblem(fault: DialFault): Problem {
  switch (fault.code) {
    case "not-connected":
      return fault.problem;
    case "protocol-unknown":
      return problem(
        "protocol-unknown",
        "The other side does not take files of this version.",
        "Both sides need a Waybill that knows version 1; it is tried again by itself.",
      );
    case "failed":
      return problem("unreachable", `The other side could not be reached: ${fault.cause}.`, BY_ITSELF);
    default:
      return unreachable(fault);
  }
}

export function streamProblem(fault: StreamFault): Problem {
  switch (fault.code) {
    case "closed":
    case "reset":
      return problem("connection-lost", "The connection ended before all was there.", BY_ITSELF);
    case "timeout":
      return problem("no-answer", "The other side did not answer in time.", BY_ITSELF);
    case "frame-too-large":
      return BAD_ANSWER;
    default:
      return unreachable(fault);
  }
}

/** What the other side's reason means to this side's user. */
export function wireProblem(reason: WireReason): Problem {
  switch (reason) {
    case "delivery-unknown":
      return problem(
        "delivery-unknown",
        "The other side knows nothing of this transfer any more.",
        "Ask for the files to be sent again.",
      );
    case "delivery-ended":
      return problem(
        "delivery-ended",
        "For the other side this transfer has ended.",
        "Ask for the files to be sent again.",
      );
    case "busy":
      return problem("busy", "The other side serves others first.", BY_ITSELF);
    case "source-missing":
      return problem(
        "source-missing",
        "A file is not there any more.",
        "Send the files again from where they are.",
      );
    case "source-changed":
      return SOURCE_CHANGED;
    case "source-unreadable":
      return problem(
        "source-unreadable",
        "A file cannot be read any more.",
        "Check its rights, then send again.",
      );
    case "offer-invalid":
      return problem(
        "offer-invalid",
        "The offer does not keep the rules of the protocol.",
        "Compare the versions of Waybill on both sides.",
      );
    case "names-unusable":
      return problem(
        "names-unusable",
        "There are too many folders, or too many of the names come to the same on other systems.",
        "Rename the files, or send them as one archive.",
      );
    case "content-mismatch":
      return problem(
        "content-mismatch",
        "What arrived is not what was announced: a file was changed meanwhile.",
        "Send the files again once nothing writes to them.",
      );
    case "no-space":
      return problem("no-space-there", "The other side has not enough room on its disk.", BY_ITSELF);
    case "storage":
      return problem("storage-there", "The other side cannot write to its disk now.", BY_ITSELF);
    default:
      return unreachable(reason);
  }
}
