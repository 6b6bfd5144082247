/** Finds a block by height or id, and a transaction by id. */
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import type { Answered } from "#api/client.ts";
import type { BlockView, TransactionView } from "#api/views.ts";
import { client } from "../live/session.ts";
import { useAction } from "../live/use-live.ts";
import { ProblemNote } from "../shell/problem.tsx";

export function Find() {
  const [text, setText] = useState("");
  const navigate = useNavigate();
  const find = useAction(async (wanted: string): Promise<Answered<BlockView | TransactionView>> => {
    const block = await client.block(wanted);
    if (block.ok) {
      await navigate({ to: "/ledger/block/$id", params: { id: block.value.id } });
      return block;
    }
    const transaction = await client.transaction(wanted);
    // An id that is neither is most likely a mistyped block: that refusal says what blocks are named by.
    if (!transaction.ok) return block;
    await navigate({ to: "/ledger/transaction/$id", params: { id: transaction.value.id } });
    return transaction;
  });
  return (
    <search className="find">
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          if (text.trim() !== "") find.run(text.trim());
        }}
      >
        <input
          value={text}
          onChange={(event) => setText(event.target.value)}
          aria-label="Find a block or a transaction"
          placeholder="Find: height or id"
          autoComplete="off"
          spellCheck={false}
        />
        <ProblemNote problem={find.problem} />
      </form>
    </search>
  );
}
