/** Owns the page of one block. */
import { Link, useParams } from "@tanstack/react-router";
import type { BlockView } from "#api/views.ts";
import { useBlock, useDesk, useTitle } from "../live/use-live.ts";
import { countOf, formatAmount, formatBytes, formatExact, shortenKey } from "../look/format.ts";
import { Identicon } from "../person/identicon.tsx";
import { Command, Copyable } from "../shell/copy.tsx";
import { Sign } from "../shell/sign.tsx";
import { LookUpSheet } from "./look-up-sheet.tsx";
import { minerPeer } from "./miner.ts";
import { standingWords } from "./standing.ts";
import { TransactionLine } from "./transaction-line.tsx";

export function BlockPage() {
  const { id = "" } = useParams({ strict: false });
  const query = useBlock(id);
  useTitle(query.data === undefined ? "Block" : `Block ${query.data.height}`);
  return (
    <LookUpSheet name="Block" query={query}>
      {(block) => <OneBlock block={block} />}
    </LookUpSheet>
  );
}

function OneBlock({ block }: { readonly block: BlockView }) {
  const { status, people } = useDesk();
  const miner = minerPeer(block.miner, status, people);
  const next = block.height < status.chain.tip.height ? block.height + 1 : null;
  return (
    <>
      <header className="block-head">
        <h1>
          Block <span className="mono">{block.height}</span>
        </h1>
        <nav className="row" aria-label="Neighbouring blocks">
          {block.height > 0 && (
            <Link to="/ledger/block/$id" params={{ id: block.previous }} className="button button-small">
              <Sign name="arrow-back" /> {block.height - 1}
            </Link>
          )}
          {next !== null && (
            <Link to="/ledger/block/$id" params={{ id: String(next) }} className="button button-small">
              {next} <Sign name="arrow" />
            </Link>
          )}
        </nav>
      </header>
      <p className="block-found">
        {miner !== null && <Identicon peerId={miner} size={30} />}
        {block.miner === null
          ? "The first block, written into the network's file."
          : `Found by ${block.miner === status.account ? "you" : (block.minerName ?? shortenKey(block.miner))}`}
      </p>
      <Header block={block} />
      <section aria-labelledby="holds">
        <h2 id="holds">Holds {countOf(block.transactions.length, "transaction")}</h2>
        <ul className="lines lines-card">
          {block.transactions.map((transaction) => (
            <li key={transaction.id}>
              <TransactionLine transaction={transaction} />
            </li>
          ))}
        </ul>
      </section>
      <Command line={`waybill chain block ${block.height}`} />
    </>
  );
}

function Header({ block }: { readonly block: BlockView }) {
  const { coin } = useDesk().status;
  return (
    <section aria-labelledby="facts">
      <h2 id="facts">What its header says</h2>
      <dl className="facts">
        <dt>Id</dt>
        <dd>
          <Copyable text={block.id} what="block id" />
        </dd>
        <dt>Time</dt>
        <dd>{formatExact(block.timeMs)}</dd>
        <dt>Standing</dt>
        <dd>{standingWords(block.standing, block.confirmations)}</dd>
        <dt>Reward</dt>
        <dd className="mono">
          {formatAmount(block.reward, coin)} and {formatAmount(block.fees, coin)} in fees
        </dd>
        <dt>Work</dt>
        <dd className="mono">{countOf(Number(block.hashes), "hash", "hashes")} expected</dd>
        <dt>Size</dt>
        <dd className="mono">{formatBytes(block.bytes)}</dd>
        <dt>Root of transactions</dt>
        <dd>
          <code>{block.txRoot}</code>
        </dd>
        <dt>Root of state</dt>
        <dd>
          <code>{block.stateRoot}</code>
        </dd>
      </dl>
      <details>
        <summary className="small">The header, byte for byte</summary>
        <p className="small">
          <Copyable text={block.header} what="header" />
        </p>
      </details>
    </section>
  );
}
