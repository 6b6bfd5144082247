/** Shows words that are read aloud: large, numbered, in a list that a screen reader counts too. */
export function Words({ text }: { readonly text: string }) {
  return (
    <ol className="words">
      {text.split(" ").map((word, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the same word may come twice; its place is what it is
        <li key={at}>{word}</li>
      ))}
    </ol>
  );
}
