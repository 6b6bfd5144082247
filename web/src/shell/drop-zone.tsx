/** Owns where files can be dropped, and how it looks while they are held over it. */
import { type ReactNode, useRef, useState } from "react";
import "./drop-zone.css";

export function DropZone(properties: {
  /** What will happen to the files, said while they are held over it. */
  readonly words: string;
  /** Called in the event itself: the browser empties the transfer afterwards. */
  readonly onDrop: (transfer: DataTransfer) => void;
  readonly className?: string;
  readonly children: ReactNode;
}) {
  const { words, onDrop, className = "", children } = properties;
  // A drag enters a child before it leaves the parent: only the balance says whether it is over us.
  const depth = useRef(0);
  const [over, setOver] = useState(false);
  const move = (by: number) => {
    depth.current = Math.max(0, depth.current + by);
    setOver(depth.current > 0);
  };
  const carriesFiles = (event: React.DragEvent) => event.dataTransfer.types.includes("Files");
  return (
    // The keyboard's way to the same is a button inside.
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
        onDrop(event.dataTransfer);
      }}
    >
      {children}
      {over && <p className="drop-words">{words}</p>}
    </div>
  );
}
