/** Owns the buttons of a slip: yes or no to an offer, giving up, downloading, and saving the receipt. */
import { useState } from "react";
import type { SlipView } from "#api/views.ts";
import { client } from "../live/session.ts";
import { useAction } from "../live/use-live.ts";
import { ProblemNote } from "../shell/problem.tsx";
import { saveBytes, saveFrom } from "./save.ts";
import { stepOf } from "./words.ts";

export function SlipSteps({ slip }: { readonly slip: SlipView }) {
  const step = stepOf(slip);
  return (
    <>
      {step === "accept-or-decline" && <Offer slip={slip} />}
      {step === "cancel" && <Cancel slip={slip} />}
      {slip.kind === "files" && <Finished slip={slip} />}
    </>
  );
}

function Offer({ slip }: { readonly slip: SlipView }) {
  const [folder, setFolder] = useState("");
  const accept = useAction(() => client.accept(slip.id, folder.trim() === "" ? undefined : folder.trim()));
  const decline = useAction(() => client.decline(slip.id));
  const busy = accept.running || decline.running;
  return (
    <form
      className="slip-steps"
      onSubmit={(event) => {
        event.preventDefault();
        accept.run(undefined);
      }}
    >
      <div className="row">
        <button type="submit" className="button-asks" disabled={busy}>
          Accept
        </button>
        <button type="button" disabled={busy} onClick={() => decline.run(undefined)}>
          Decline
        </button>
      </div>
      <details>
        <summary className="small">Save in another folder</summary>
        <label className="field small">
          Folder on this computer, from its root
          <input
            value={folder}
            onChange={(event) => setFolder(event.target.value)}
            placeholder="/home/me/Documents"
            spellCheck={false}
          />
        </label>
      </details>
      <ProblemNote problem={accept.problem ?? decline.problem} />
    </form>
  );
}

function Cancel({ slip }: { readonly slip: SlipView }) {
  const cancel = useAction(() => client.cancel(slip.id));
  return (
    <div className="slip-steps">
      <button
        type="button"
        className="button-small"
        disabled={cancel.running}
        onClick={() => cancel.run(undefined)}
      >
        Cancel
      </button>
      <ProblemNote problem={cancel.problem} />
    </div>
  );
}

function Finished({ slip }: { readonly slip: SlipView }) {
  const arrived = slip.direction === "in" && slip.savedTo !== null;
  const receipted = hasReceipt(slip);
  if (!arrived && !receipted) return null;
  return (
    <div className="slip-steps">
      {arrived && (
        <p className="small slip-saved">
          Saved in <code>{slip.savedTo}</code>
        </p>
      )}
      <div className="row">
        {arrived && slip.fileCount === 1 && <DownloadOnly slip={slip} />}
        {receipted && <SaveReceipt slip={slip} />}
      </div>
    </div>
  );
}

export function hasReceipt(slip: SlipView): boolean {
  return slip.state === "receipted" || slip.state === "anchored";
}

/** The file of a slip that holds one. */
function DownloadOnly({ slip }: { readonly slip: SlipView }) {
  const download = useAction(async () => {
    const files = await client.slipFiles(slip.id);
    if (!files.ok) return files;
    const ticket = await client.fileTicket(slip.id, files.value[0]?.path ?? "");
    if (ticket.ok) saveFrom(ticket.value.url);
    return ticket;
  });
  return (
    <>
      <button
        type="button"
        className="button-small"
        disabled={download.running}
        onClick={() => download.run(undefined)}
      >
        Download
      </button>
      <ProblemNote problem={download.problem} />
    </>
  );
}

export function SaveReceipt({ slip }: { readonly slip: SlipView }) {
  const save = useAction(async () => {
    const receipt = await client.receipt(slip.id);
    if (receipt.ok) saveBytes(receipt.value.fileName, receipt.value.bytes);
    return receipt;
  });
  return (
    <>
      <button
        type="button"
        className="button-small"
        disabled={save.running}
        onClick={() => save.run(undefined)}
      >
        Save receipt
      </button>
      <ProblemNote problem={save.problem} />
    </>
  );
}
