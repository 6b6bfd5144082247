/**
 * Owns the growing stack: on top the block that is being looked for, below it each block with who found it. Blocks that
 * a reorganisation took out slide aside and stay for a while. Older blocks are read as the reader scrolls down.
 */

import { Link } from "@tanstack/react-router";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useRef, useState } from "react";
import type { BlockSummaryView } from "#api/views.ts";
import { type Desk, joinBlocks, waitingCount } from "../live/desk.ts";
import { BLOCKS_PAGE, Refused } from "../live/feed.ts";
import { client } from "../live/session.ts";
import { problemOf, queries, useDesk, useNow } from "../live/use-live.ts";
import {
  countOf,
  formatAge,
  formatBytes,
  formatExact,
  formatHashRate,
  formatWait,
  shortenKey,
} from "../look/format.ts";
import { Identicon } from "../person/identicon.tsx";
import { ProblemNote } from "../shell/problem.tsx";
import { ScrollRegion } from "../shell/scroll-region.tsx";
import { Sign } from "../shell/sign.tsx";
import { minerPeer } from "./miner.ts";
import { expectedBlockMs, type StackRow, stackRows } from "./stack-rows.ts";

const ROW = 66;
/** Older blocks are read when so few are left below the view. */
const NEAR_END = 10;

export function BlockStack() {
  const { blocks, aside } = useDesk();
  const nowMs = useNow();
  const rows = stackRows(blocks, aside);
  const scroller = useRef<HTMLElement>(null);
  const list = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW,
    getItemKey: (index) => rows[index]?.block.id ?? index,
    overscan: 6,
  });
  const items = list.getVirtualItems();
  const older = useOlderBlocks(blocks, (items.at(-1)?.index ?? 0) > rows.length - NEAR_END);
  return (
    <>
      <NextBlock />
      <ScrollRegion className="stack-scroll" ref={scroller} label="Blocks, newest first">
        <ol className="stack-all" reversed style={{ height: list.getTotalSize() }}>
          {items.map((item) => {
            const row = rows[item.index];
            return (
              row !== undefined && (
                <li
                  key={item.key}
                  className="stack-item"
                  style={{ transform: `translateY(${item.start}px)` }}
                >
                  <BlockRow row={row} nowMs={nowMs} />
                </li>
              )
            );
          })}
        </ol>
        <ProblemNote problem={older.problem} role="note">
          <button type="button" className="button-small" onClick={older.again}>
            Read older blocks again
          </button>
        </ProblemNote>
      </ScrollRegion>
    </>
  );
}

/** The block that is being looked for, here or elsewhere. */
function NextBlock() {
  const desk = useDesk();
  const { mining, chain } = desk.status;
  const waits = waitingCount(desk);
  // The network's rate is an estimate of the past: a fast miner of ours may be more than all of it.
  const rate = Math.max(chain.race.hashesPerSecond ?? 0, mining.active ? mining.hashesPerSecond : 0);
  const expected = expectedBlockMs(chain.tip.nextBlockHashes, rate);
  return (
    <div className={`next-block${mining.active ? " next-block-active" : ""}`}>
      <p>
        <b className="mono">{chain.tip.height + 1}</b>{" "}
        {mining.active
          ? "is being looked for here"
          : waits > 0
            ? "will hold what waits"
            : "waits for something to record"}
      </p>
      <p className="small soft">
        {waits === 0 ? "Nothing waits" : `${countOf(waits, "transaction")} wait${waits === 1 ? "s" : ""}`}
        {mining.active && (
          <>
            , <span className="mono">{formatHashRate(mining.hashesPerSecond)}</span> here
          </>
        )}
        {(mining.active || waits > 0) &&
          expected !== null &&
          `, a block takes ${formatWait(expected / 1000)} on average`}
      </p>
    </div>
  );
}

function BlockRow({ row, nowMs }: { readonly row: StackRow; readonly nowMs: number }) {
  const { block, aside } = row;
  const { status } = useDesk();
  const people = useDesk().people;
  const miner = minerPeer(block.miner, status, people);
  return (
    <article className={`block-row${aside ? " block-aside" : ""}`} aria-label={`Block ${block.height}`}>
      <Link to="/ledger/block/$id" params={{ id: block.id }} className="block-height mono">
        {block.height}
      </Link>
      {miner !== null && <Identicon peerId={miner} size={30} />}
      <p className="block-words">
        <span className="block-miner" dir="auto">
          {block.miner === null ? "first block" : minerName(block, status)}
        </span>
        <span className="small soft">
          {aside ? (
            <>
              <Sign name="cross" /> taken out by a chain with more work
            </>
          ) : (
            <>
              {held(block)}, {formatBytes(block.bytes)}
            </>
          )}
        </span>
      </p>
      <p className="block-end small soft">
        <time dateTime={new Date(block.timeMs).toISOString()} title={formatExact(block.timeMs)}>
          {formatAge(nowMs, block.timeMs)}
        </time>
        <code className="block-id">{shortenKey(block.id, 4, 6)}</code>
      </p>
    </article>
  );
}

/** The first transaction of a block is its reward. */
function held({ transactionCount }: BlockSummaryView): string {
  if (transactionCount === 0) return "no transactions";
  return transactionCount === 1 ? "only the reward" : countOf(transactionCount - 1, "transaction");
}

function minerName(block: BlockSummaryView, status: Desk["status"]): string {
  if (block.miner === status.account) return `${status.name} (you)`;
  return block.minerName ?? shortenKey(block.miner ?? "", 6, 6);
}

function useOlderBlocks(blocks: readonly BlockSummaryView[], near: boolean) {
  const [error, setError] = useState<unknown>(null);
  const lowest = blocks.at(-1)?.height ?? 0;
  const wanted = near && lowest > 0 && error === null;
  useEffect(() => {
    if (!wanted) return;
    let current = true;
    void client.blocks({ before: lowest, limit: BLOCKS_PAGE }).then((answer) => {
      if (!current) return;
      if (!answer.ok) return setError(new Refused(answer.fault));
      const page = answer.value;
      queries.setQueryData<Desk>(
        ["desk"],
        (desk) => desk && { ...desk, blocks: joinBlocks(desk.blocks, page) },
      );
    });
    return () => {
      current = false;
    };
  }, [wanted, lowest]);
  return { problem: problemOf(error), again: () => setError(null) };
}
