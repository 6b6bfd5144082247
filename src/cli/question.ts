/** Owns a question at the terminal and its answer: one line, or that nobody wanted to give one. */
import { createInterface } from "node:readline/promises";
import { QuestionInterrupted } from "./outcome.ts";

export interface QuestionStreams {
  readonly input: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  /** Where the question is shown. */
  readonly output: NodeJS.WritableStream;
}

/**
 * @returns `null` where nobody can be asked, or whoever was asked closed the input (Ctrl-D).
 * @throws QuestionInterrupted at Ctrl-C.
 */
export async function askLine(question: string, { input, output }: QuestionStreams): Promise<string | null> {
  if (input.isTTY !== true) return null;
  const asking = createInterface({ input, output, terminal: true });
  const interrupt = new AbortController();
  asking.once("SIGINT", () => interrupt.abort());
  try {
    return await asking.question(question, { signal: interrupt.signal });
  } catch (error) {
    if (!(error instanceof Error) || error.name !== "AbortError") throw error;
    // What is said next has a line of its own.
    output.write("\n");
    if (interrupt.signal.aborted) throw new QuestionInterrupted();
    return null;
  } finally {
    asking.close();
  }
}

/** @returns `null` as {@link askLine} does; anything but y or yes is no. */
export async function askYesNo(question: string, streams: QuestionStreams): Promise<boolean | null> {
  const answer = await askLine(`${question} [y/N] `, streams);
  return answer === null ? null : /^y(es)?$/i.test(answer.trim());
}
