/** Owns where a message is written and files are attached. Enter sends, Shift+Enter starts a line. */
import { useEffect, useRef, useState } from "react";
import type { PersonView } from "#api/views.ts";
import { filesOfDialog } from "../live/choose-files.ts";
import { client } from "../live/session.ts";
import { startUpload } from "../live/uploads.ts";
import { useAction } from "../live/use-live.ts";
import { Icon } from "../shell/icon.tsx";
import { ProblemNote } from "../shell/problem.tsx";

/** What was typed and not sent stays with its conversation while the page is open. */
const drafts = new Map<string, string>();

export function Composer({ person }: { readonly person: PersonView }) {
  const [text, setText] = useState(() => drafts.get(person.peerId) ?? "");
  const write = (next: string) => {
    setText(next);
    drafts.set(person.peerId, next);
  };
  const field = useRef<HTMLTextAreaElement>(null);
  useEffect(() => {
    // On a phone the keyboard would cover what one came to read.
    if (window.matchMedia("(pointer: fine)").matches) field.current?.focus();
  }, []);
  const say = useAction(
    (words: string) => client.say(person.peerId, words),
    () => {
      write("");
      field.current?.focus();
    },
  );
  const send = () => {
    if (text.trim() !== "" && !say.running) say.run(text);
  };
  if (person.blocked) {
    return (
      <p className="composer composer-shut">You blocked {person.name}. Nothing passes in either direction.</p>
    );
  }
  return (
    <form
      className="composer"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <ProblemNote problem={say.problem} />
      <div className="composer-line">
        <AttachButton person={person} folder={false} />
        <AttachButton person={person} folder={true} />
        <textarea
          ref={field}
          rows={1}
          dir="auto"
          value={text}
          aria-label={`Message to ${person.name}`}
          placeholder={`Write to ${person.name}`}
          onChange={(event) => write(event.target.value)}
          onPaste={(event) => {
            const files = filesOfDialog(event.clipboardData.files);
            if (files.length === 0) return;
            event.preventDefault();
            startUpload(person.peerId, files);
          }}
          onKeyDown={(event) => {
            if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing) return;
            event.preventDefault();
            send();
          }}
        />
        <button type="submit" className="button-main" disabled={text.trim() === "" || say.running}>
          Send
        </button>
      </div>
    </form>
  );
}

function AttachButton({ person, folder }: { readonly person: PersonView; readonly folder: boolean }) {
  const input = useRef<HTMLInputElement>(null);
  const name = folder ? "Attach a folder" : "Attach files";
  return (
    <>
      <button
        type="button"
        className="button-icon"
        aria-label={name}
        title={name}
        onClick={() => input.current?.click()}
      >
        <Icon name={folder ? "folder" : "attach"} />
      </button>
      <input
        ref={input}
        type="file"
        hidden
        multiple
        data-attach={folder ? "folder" : "files"}
        {...(folder ? { webkitdirectory: "" } : {})}
        onChange={(event) => {
          startUpload(person.peerId, filesOfDialog(event.target.files));
          event.target.value = "";
        }}
      />
    </>
  );
}
