/** Shows the miners' race: how fast all of them hash, and a thin bar for each, as long as its share of recent blocks. */
import { useDesk } from "../live/use-live.ts";
import { countOf, formatHashRate, formatWait, shortenKey } from "../look/format.ts";
import { Identicon } from "../person/identicon.tsx";
import { minerPeer } from "./miner.ts";

/** Miners shown; the rest are summed. */
const MINERS_SHOWN = 8;

export function Race() {
  const { status, people } = useDesk();
  const miners = status.chain.miners.toSorted((one, other) => other.blocks - one.blocks);
  const rest = miners.slice(MINERS_SHOWN);
  return (
    <section className="side-card" aria-labelledby="race">
      <h2 id="race">The race</h2>
      {miners.length === 0 && (
        <p className="small soft">No block was found yet. Whoever finds one gets the reward.</p>
      )}
      <Speed />
      <ol className="race">
        {miners.slice(0, MINERS_SHOWN).map((miner) => (
          <li key={miner.account}>
            <Identicon peerId={minerPeer(miner.account, status, people) ?? miner.account} size={22} />
            <span className="race-name" dir="auto">
              {miner.account === status.account
                ? `${status.name} (you)`
                : (miner.name ?? shortenKey(miner.account, 6, 4))}
            </span>
            <span className="mono small">
              {countOf(miner.blocks, "block")},{" "}
              <span className="soft">{Math.round(miner.share * 100)} %</span>
            </span>
            <span className="race-bar" style={{ "--part": miner.share }} aria-hidden="true" />
          </li>
        ))}
      </ol>
      {rest.length > 0 && (
        <p className="small soft">
          and {countOf(rest.length, "more miner")} with{" "}
          {countOf(
            rest.reduce((sum, { blocks }) => sum + blocks, 0),
            "block",
          )}
        </p>
      )}
    </section>
  );
}

/** Estimated from the newest blocks: nobody asks anybody for a rate, which could be made up. */
function Speed() {
  const { race } = useDesk().status.chain;
  const { hashesPerSecond, expectedBlockSeconds } = race;
  if (hashesPerSecond === null || expectedBlockSeconds === null) return null;
  return (
    <p className="small soft">
      All miners together: about <b className="mono">{formatHashRate(hashesPerSecond)}</b>, by the last{" "}
      {countOf(race.blocks, "block")}. While all of them mine, a block every{" "}
      <b className="mono">{formatWait(expectedBlockSeconds)}</b>.
    </p>
  );
}
