/** Owns who co-signs blocks in this network, and which block is final; shows nothing where nobody does. */
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { CheckpointsView } from "#api/views.ts";
import { valueIn } from "../live/feed.ts";
import { client } from "../live/session.ts";
import { countOf, shortenKey } from "../look/format.ts";
import { Command } from "../shell/copy.tsx";
import { ProblemNote } from "../shell/problem.tsx";
import { Sign } from "../shell/sign.tsx";

/** Signatures come between blocks, and nobody tells of them. */
const READ_PERIOD_MS = 5_000;

export function Cosigners() {
  const { data } = useQuery({
    queryKey: ["checkpoints"],
    queryFn: async () => valueIn(await client.checkpoints()),
    refetchInterval: READ_PERIOD_MS,
  });
  return data?.used === true ? <Signed view={data} /> : null;
}

function Signed({ view }: { readonly view: CheckpointsView }) {
  const { final, sought, signers, needed, everyBlocks, waitsFor, problem } = view;
  return (
    <section className="side-card" aria-labelledby="cosigners">
      <h2 id="cosigners">Co-signed blocks</h2>
      {final === null ? (
        <p className="small soft">No block is final yet.</p>
      ) : (
        <p>
          <Sign name="checks" />{" "}
          <Link to="/ledger/block/$id" params={{ id: final.blockId }}>
            Block <span className="mono">{final.height}</span>
          </Link>{" "}
          is final: co-signed by {final.signed} of {signers.length}.
        </p>
      )}
      {sought !== null && (
        <p className="small soft">Block {sought.height} is final elsewhere, and on its way here.</p>
      )}
      <p className="small soft">
        {countOf(needed, "signature")} of {signers.length} make a block final; every {everyBlocks}th is
        signed.
      </p>
      <ul className="lines">
        {signers.map(({ account, name, peerId, mine, height, signedTwice }) => (
          <li key={account} className="small">
            <bdi>{mine ? "Me" : (name ?? shortenKey(peerId))}</bdi>
            {height === null ? ", nothing signed yet" : `, up to block ${height}`}
            {signedTwice && (
              <span className="tone-bad">
                {" "}
                <Sign name="alert" /> signed two blocks of one height
              </span>
            )}
          </li>
        ))}
      </ul>
      {waitsFor !== null && (
        <p className="small soft">
          <Sign name="waits" /> {waitsFor.cause} {waitsFor.nextStep}
        </p>
      )}
      <ProblemNote problem={problem} role="note" />
      <Command line="waybill checkpoint" />
    </section>
  );
}
