/**
 * Owns the way from a command to the running peer: the data folder, `api.json` in it, the client. Also says whether
 * a peer runs at all.
 */
import { readApiFile } from "#api/api-file.ts";
import { type Answered, type Client, createClient } from "#api/client.ts";
import { fail, ok, type Problem, problem, type Result } from "#base/result.ts";
import { type CliFault, EXIT, failed, type Outcome } from "./outcome.ts";
import type { Terminal } from "./terminal.ts";
import { waitFor } from "./wait.ts";

/** What a command that speaks to a peer is given. */
export interface Session {
  readonly client: Client;
  readonly terminal: Terminal;
  readonly json: boolean;
}

function noPeer(dataDir: string, cause: string): Result<never, CliFault> {
  return fail({
    exit: EXIT.noPeer,
    problem: problem(
      "no-running-peer",
      `${cause} (data folder ${dataDir}).`,
      "Start it with: waybill start. If it uses another folder, name that with --data.",
    ),
  });
}

/** A client of the peer that uses `dataDir`. Whether it answers shows with the first request. */
export async function findPeer(dataDir: string): Promise<Outcome<Client>> {
  const found = await readApiFile(dataDir);
  if (!found.ok) return failed(found.fault);
  if (found.value === null) return noPeer(dataDir, "No peer is running here");
  const { origin, token, pid } = found.value;
  // A file left by a crash names a port that another program may hold by now: it must not be told the token.
  if (!isRunning(pid)) return noPeer(dataDir, "The peer that was started here has ended");
  return ok(createClient({ origin, token }, { fetch, wait: waitFor }));
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it runs, but belongs to somebody else.
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

/** Shows an answer, or says why there is none. With `--json` the value itself is printed. */
export function show<Value>(
  session: Session,
  answer: Answered<Value> | { readonly ok: false; readonly fault: Problem },
  print: (value: Value) => void,
): Outcome {
  if (!answer.ok) return failed(answer.fault);
  if (session.json) session.terminal.printJson(answer.value);
  else print(answer.value);
  return ok();
}
