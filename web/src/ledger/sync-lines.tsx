/** Owns the lines that say how this peer catches up with the ledger: on the Ledger place in full, in the frame while it takes. */
import type { ChainView } from "#api/views.ts";
import { Sign } from "../shell/sign.tsx";

type Sync = ChainView["sync"];

export function SyncLines({ sync }: { readonly sync: Sync }) {
  const isUnderWay = sync.total > 0 || sync.phase === "asking";
  return (
    <div role="status">
      {(isUnderWay || sync.phase === "alone") && (
        <p className="small ledger-sync">
          <b className={isUnderWay ? "tone-waiting" : ""}>
            <Sign name="waits" /> {beginning(sync.words)}
          </b>{" "}
          {sync.total > 0 && <Bar done={sync.done} total={sync.total} />}
        </p>
      )}
      {sync.history !== null && sync.historyWords !== null && (
        <p className="small soft ledger-sync">
          {beginning(sync.historyWords)} <Bar done={sync.history.height} total={sync.history.targetHeight} />
        </p>
      )}
    </div>
  );
}

/** One line above all places, only while a branch with more work is being fetched. */
export function SyncLine({ sync }: { readonly sync: Sync }) {
  return (
    <div role="status">
      {sync.state === "syncing" && sync.total > 1 && (
        <p className="connection">
          <b>
            <Sign name="waits" /> Ledger: {sync.words}.
          </b>
        </p>
      )}
    </div>
  );
}

function Bar({ done, total }: { readonly done: number; readonly total: number }) {
  return <progress max={total} value={done} aria-label="How far it is" />;
}

function beginning(words: string): string {
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}`;
}
