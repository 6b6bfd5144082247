/** Owns the signs behind a name: the key was shown to be this person's, and the user chose this person. */
import type { PersonView } from "#api/views.ts";
import { Sign } from "../shell/sign.tsx";
import { verifiedWords } from "./path-words.ts";

export function NameSigns({ person }: { readonly person: PersonView }) {
  return (
    <>
      {person.verified !== null && (
        <span className="verified-sign" title={`Verified ${verifiedWords(person.verified)}`}>
          {" "}
          <Sign name="check" says="verified" />
        </span>
      )}
      {person.contact && (
        <span className="contact-sign" title="One of your contacts">
          {" "}
          <Sign name="star" says="contact" />
        </span>
      )}
    </>
  );
}
