/** Owns dropping files and folders on a person, wherever that person is drawn. */
import { type ReactNode, useRef, useState } from "react";
import type { PeerId } from "#base/brand.ts";
import { filesOfDrop } from "../live/choose-files.ts";
import { startUpload } from "../live/uploads.ts";

export function DropTarget(properties: {
  readonly peerId: PeerId;
  readonly name: string;
  readonly className?: string;
  readonly children: ReactNode;
}) {
  const { peerId, name, className = "", children } = properties;
  // A drag enters a child before it leaves the parent: only the balance says whether it is over us.
  const depth = useRef(0);
  const [over, setOver] = useState(false);
  const move = (by: number) => {
    depth.current = Math.max(0, depth.current + by);
    setOver(depth.current > 0);
  };
  const carriesFiles = (event: React.DragEvent) => event.dataTransfer.types.includes("Files");
  return (
    // The keyboard's way to the same are the buttons "Attach files" and "Attach a folder".
    // biome-ignore lint/a11y/noStaticElementInteractions: dropping is an extra way for the pointer
    <div
      className={`drop ${className}${over ? " drop-over" : ""}`}
      onDragEnter={(event) => carriesFiles(event) && move(1)}
      onDragLeave={(event) => carriesFiles(event) && move(-1)}
      onDragOver={(event) => {
        if (!carriesFiles(event)) return;
        event.preventDefault();
        event.dataTransfer.dropEffect = "copy";
      }}
      onDrop={(event) => {
        if (!carriesFiles(event)) return;
        event.preventDefault();
        move(-depth.current);
        void filesOfDrop(event.dataTransfer).then((files) => startUpload(peerId, files));
      }}
    >
      {children}
      {over && <p className="drop-words">Drop to send to {name}</p>}
    </div>
  );
}
