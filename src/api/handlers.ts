/**
 * Owns which operation of the facade answers which operation of the contract. Nothing is decided here.
 */
import { ok, type Problem, type Result } from "#base/result.ts";
import type { Facade } from "#node/facade.ts";
import type { AnswerOf, Input, ValueOperation } from "./contract.ts";
import type { ServerTickets } from "./tickets.ts";

export type Handler<O extends ValueOperation> = (input: Input<O>) => Promise<Result<AnswerOf<O>, Problem>>;
export type Handlers = { readonly [O in ValueOperation]: Handler<O> };

/** Leaves out what is absent: under exact optional types, `undefined` is not the same as not there. */
type Present<Fields> = { [Key in keyof Fields]: Exclude<Fields[Key], undefined> };
function present<Fields extends object>(fields: Fields): Present<Fields> {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined),
  ) as Present<Fields>;
}

/** What the ledger says beyond coins: names, and who co-signs. */
function recordHandlers(
  facade: Facade,
): Pick<Handlers, "checkpoints" | "names" | "name" | "registerName" | "changeName" | "forgetName"> {
  return {
    checkpoints: async () => ok(await facade.checkpoints()),
    names: async () => ok(await facade.names()),
    name: ({ params }) => facade.name(params.name),
    registerName: ({ body }) => facade.registerName(body.name, body.key),
    changeName: ({ params, body }) => facade.changeName(params.name, present(body)),
    forgetName: ({ params }) => facade.forgetName(params.name),
  };
}

export function createHandlers(facade: Facade, tickets: ServerTickets): Handlers {
  return {
    status: async () => ok(await facade.status()),
    setName: ({ body }) => facade.setName(body.name),
    setAccept: ({ body }) => facade.setAccept(body.accept),

    people: async () => ok(await facade.people()),
    person: ({ params }) => facade.person(params.who),
    updatePerson: ({ params, body }) => facade.updatePerson(params.who, present(body)),
    connect: ({ body }) => facade.connect(body.address),

    acceptKey: ({ params }) => facade.acceptKey(params.who),
    keepApart: ({ params }) => facade.keepApart(params.who),
    scan: ({ body }) => facade.scan(body.target, body.ports),

    trackers: async () => ok(await facade.trackers()),
    addTracker: ({ body }) => facade.addTracker(body.address),
    removeTracker: ({ query }) => facade.removeTracker(query.address),

    invites: async () => ok(await facade.invites()),
    createInvite: ({ body }) => facade.createInvite(present(body)),
    revokeInvite: ({ params }) => facade.revokeInvite(params.id),
    acceptInvite: ({ body }) => facade.acceptInvite(body.text, body.address),

    doctor: async () => ok(await facade.doctor()),
    doctorPerson: ({ params }) => facade.doctorPerson(params.who),
    doors: async () => ok(await facade.doors()),
    setDoors: ({ body }) => facade.setDoors(present(body)),

    conversations: async () => ok(await facade.conversations()),
    markRead: ({ params }) => facade.markRead(params.who),

    slips: ({ query }) => facade.slips(present(query)),
    slip: ({ params }) => facade.slip(params.id),
    slipFiles: ({ params }) => facade.slipFiles(params.id),
    fileTicket: async ({ params, body }) => {
      const saved = await facade.savedFile(params.id, body.path);
      return saved.ok ? ok({ ticket: tickets.files.issue({ id: params.id, path: body.path }) }) : saved;
    },
    accept: ({ params, body }) => facade.accept(params.id, body.folder),
    decline: ({ params }) => facade.decline(params.id),
    cancel: ({ params }) => facade.cancel(params.id),
    verify: async ({ body }) => ok(await facade.verify(body)),

    say: ({ body }) => facade.say(body.who, body.text),
    sendPaths: ({ body }) => facade.sendPaths(body.who, body.paths),
    beginUpload: () => facade.beginUpload(),
    addUploadFile: ({ params, query, body }) => facade.addUploadFile(params.uploadId, query.path, body),
    sendUpload: ({ params, body }) => facade.sendUpload(body.who, params.uploadId),

    chain: async () => ok(await facade.chain()),
    blocks: async ({ query }) => ok(await facade.blocks(present(query))),
    block: ({ params }) => facade.block(params.heightOrId),
    transaction: ({ params }) => facade.transaction(params.id),
    pending: async () => ok(await facade.pending()),
    wallet: async () => ok(await facade.wallet()),
    dismissPayment: ({ params }) => facade.dismissPayment(params.id),
    pay: ({ body }) => facade.pay(body.to, body.amount, body.fee),
    mining: async () => ok(await facade.mining()),
    setMining: ({ body }) => facade.setMining(present(body)),

    ...recordHandlers(facade),

    pageTicket: async () => ok({ ticket: tickets.page.issue(null) }),
  };
}
