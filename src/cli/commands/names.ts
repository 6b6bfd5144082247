/** Owns the commands about names: what is asked of the peer, and the words for what it answers. */
import type { NameChange } from "#api/client.ts";
import type { NameView, OwnNameView } from "#api/views.ts";
import { ok } from "#base/result.ts";
import { formatAmount } from "../amount.ts";
import { failed, type Outcome } from "../outcome.ts";
import { type Session, show } from "../session.ts";
import { tableText } from "../table.ts";
import { oneLine } from "../terminal-text.ts";
import { middleCut, timeText } from "../words.ts";

export async function registerName(
  session: Session,
  name: string,
  key: string | undefined,
): Promise<Outcome> {
  const answer = await session.client.registerName(name, key);
  return show(session, answer, () =>
    session.terminal.print(
      `${oneLine(name)} is reserved and will be claimed by itself, also after a restart.\n` +
        "See how it goes with: waybill name list",
    ),
  );
}

export async function changeName(session: Session, name: string, change: NameChange): Promise<Outcome> {
  const answer = await session.client.changeName(name, change);
  const what = "renew" in change ? "renewed" : "key" in change ? "pointed there" : "handed over";
  return show(session, answer, () =>
    session.terminal.print(`${oneLine(name)} is ${what} with one of the next blocks.`),
  );
}

export async function forgetName(session: Session, name: string): Promise<Outcome> {
  const answer = await session.client.forgetName(name);
  if (!answer.ok) return failed(answer.fault);
  if (session.json) session.terminal.printJson({ forgotten: name });
  else session.terminal.print(`${oneLine(name)} is left out of the list.`);
  return ok();
}

export async function listNames(session: Session): Promise<Outcome> {
  return show(session, await session.client.names(), (names) => {
    const { ellipsis } = session.terminal.glyphs;
    const rows = names.map((own) => ownRow(own, ellipsis));
    session.terminal.print(
      names.length === 0
        ? "No names. Register one with: waybill name register NAME"
        : // Whole, however long: what is cut off would be why a name gets no further.
          tableText([["NAME", "STANDS FOR", "STATE"], ...rows], Number.POSITIVE_INFINITY, ellipsis),
    );
  });
}

function ownRow(own: OwnNameView, ellipsis: string): readonly string[] {
  const reason = own.problem === null ? "" : `: ${own.problem.cause}`;
  return [own.name, own.keyName ?? middleCut(own.key, ellipsis), `${stageText(own)}${reason}`];
}

function stageText({ stage, claimAtHeight, heldUntilMs, contestable }: OwnNameView): string {
  switch (stage) {
    case "reserving":
      return "reservation waits for a block";
    case "waiting":
      return `reserved; claimed with block ${claimAtHeight ?? "?"}`;
    case "claiming":
      return "claim waits for a block";
    case "ours":
      return `yours until ${timeText(heldUntilMs ?? 0)}${contestable ? "; somebody who reserved earlier may still come" : ""}`;
    case "lost":
      return "belongs to somebody else";
    case "lapsed":
      return "no longer yours: it was not renewed";
  }
}

export async function showName(session: Session, name: string): Promise<Outcome> {
  const status = await session.client.status();
  if (!status.ok) return failed(status.fault);
  const { symbol, unitsPerCoin } = status.value.coin;
  return show(session, await session.client.name(name), (view) => {
    const price = `${formatAmount(view.price, unitsPerCoin)} ${symbol}`;
    const reserving = `${formatAmount(view.reservationPrice, unitsPerCoin)} ${symbol}`;
    const rows = view.state === "free" ? freeRows(price, reserving) : heldRows(view, price);
    const { terminal } = session;
    terminal.print(
      tableText(
        [["Name", view.name], ...rows, ...proofRows(view)],
        Number.POSITIVE_INFINITY,
        terminal.glyphs.ellipsis,
      ),
    );
  });
}

const freeRows = (price: string, reserving: string): readonly (readonly string[])[] => [
  ["Holder", "nobody"],
  ["Price", `${price} for a year, and ${reserving} to reserve; both are burned`],
];

function heldRows(view: NameView, price: string): readonly (readonly string[])[] {
  const who = (name: string | null, id: string | null) =>
    name === null ? (id ?? "") : `${name} (${id ?? ""})`;
  const states = {
    free: "",
    contestable: `firm from block ${view.firmFromHeight ?? "?"} on: until then somebody who reserved earlier may come`,
    held: "firm",
    grace: "over; only its owner may renew it",
  } as const;
  return [
    ["Stands for", who(view.keyName, view.key)],
    ["Belongs to", `${view.mine ? "me, " : ""}${who(view.ownerName, view.owner)}`],
    ["State", states[view.state]],
    ["Until", `about ${timeText(view.heldUntilMs ?? 0)} (block ${view.heldUntilHeight ?? "?"})`],
    ["Renewal", `${price}, burned; possible until about ${timeText(view.graceUntilMs ?? 0)}`],
  ];
}

const proofRows = ({ proof }: NameView): readonly (readonly string[])[] => [
  ["Proved by", `block ${proof.height}, ${proof.blockId}`],
  ["", `its state root, ${proof.stateRoot}`],
  ["", `and a path of ${proof.path.length / 2} bytes (--json shows it)`],
];
