/** Owns dropping files and folders on a person, wherever that person is drawn. */
import type { ReactNode } from "react";
import type { PeerId } from "#base/brand.ts";
import { filesOfDrop } from "../live/choose-files.ts";
import { startUpload } from "../live/uploads.ts";
import { DropZone } from "../shell/drop-zone.tsx";

/** The keyboard's way to the same are the buttons "Attach files" and "Attach a folder". */
export function DropTarget(properties: {
  readonly peerId: PeerId;
  readonly name: string;
  readonly className?: string;
  readonly children: ReactNode;
}) {
  const { peerId, name, className, children } = properties;
  return (
    <DropZone
      words={`Drop to send to ${name}`}
      onDrop={(transfer) => void filesOfDrop(transfer).then((files) => startUpload(peerId, files))}
      {...(className === undefined ? {} : { className })}
    >
      {children}
    </DropZone>
  );
}
