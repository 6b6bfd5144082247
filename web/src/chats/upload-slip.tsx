/** Draws files that this page is handing to its own peer; the slip itself appears once the peer has them all. */
import { dropUpload, retryUpload, type Upload } from "../live/uploads.ts";
import { countOf, formatBytes } from "../look/format.ts";
import { ProblemNote } from "../shell/problem.tsx";
import { Ruler } from "../slip/ruler.tsx";

export function UploadSlip({ upload, to }: { readonly upload: Upload; readonly to: string }) {
  return (
    <article className="upload" aria-label={`Handing over ${upload.title}`}>
      <p className="upload-head">
        <b>{upload.title}</b>
        <span className="mono small soft">
          {countOf(upload.fileCount, "file")}, {formatBytes(upload.bytesTotal)} for {to}
        </span>
      </p>
      {upload.problem === null ? (
        <>
          <Ruler
            label={`Handing over ${upload.title}`}
            progress={{
              bytesDone: upload.bytesDone,
              bytesTotal: upload.bytesTotal,
              bytesPerSecond: upload.bytesPerSecond,
              resumedFromBytes: 0,
            }}
          />
          <div className="row">
            <span className="small soft">Being copied to your peer. Keep this page open until then.</span>
            <button type="button" className="button-small" onClick={() => dropUpload(upload.key)}>
              Stop
            </button>
          </div>
        </>
      ) : (
        <ProblemNote problem={upload.problem}>
          <p className="row">
            <button type="button" className="button-small" onClick={() => retryUpload(upload.key)}>
              Try again
            </button>
            <button type="button" className="button-small" onClick={() => dropUpload(upload.key)}>
              Leave it
            </button>
          </p>
        </ProblemNote>
      )}
    </article>
  );
}
