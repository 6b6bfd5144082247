/** Owns the page of what this peer uses to be reached: trackers, what listens, and who may connect. */
import type { ListeningView } from "#api/views.ts";
import { useDesk, useTitle } from "../live/use-live.ts";
import { Command } from "../shell/copy.tsx";
import { BackLink, Sheet } from "../shell/sheet.tsx";
import { Doors } from "./doors.tsx";
import { Trackers } from "./trackers.tsx";
import "./reach.css";

export function ReachPlace() {
  const { status } = useDesk();
  useTitle("Trackers and doors");
  return (
    <Sheet back={<BackLink to="/me">Me</BackLink>}>
      <h1>Trackers and doors</h1>
      <Trackers trackers={status.trackers} />
      <Listening listening={status.listening} />
      <Doors />
    </Sheet>
  );
}

function Listening({ listening }: { readonly listening: readonly ListeningView[] }) {
  return (
    <section aria-labelledby="listening">
      <h2 id="listening">What listens on this computer</h2>
      {listening.length === 0 ? (
        <p>Nothing: others reach you only over a relay that your peer called.</p>
      ) : (
        <>
          <p>All of Waybill that waits for others. Nothing else does.</p>
          <table className="listening">
            <thead>
              <tr>
                <th scope="col">Port</th>
                <th scope="col">Address</th>
                <th scope="col">For</th>
              </tr>
            </thead>
            <tbody>
              {listening.map(({ transport, address, what }) => (
                <tr key={`${transport} ${address}`}>
                  <td className="mono">
                    {transport.toUpperCase()} {address.slice(address.lastIndexOf(":") + 1)}
                  </td>
                  <td className="mono">{address.slice(0, address.lastIndexOf(":"))}</td>
                  <td>{what}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </>
      )}
      <Command line="waybill status" />
    </section>
  );
}
