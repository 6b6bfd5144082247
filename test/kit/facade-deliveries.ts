/** Owns what can be done with deliveries in the kit's made-up world. */
import type { SlipView } from "#api/views.ts";
import { fail, ok, type Problem, problem, type Result } from "#base/result.ts";
import type { Facade } from "#node/facade.ts";
import { digest, FAULTS } from "./facade-data.ts";
import { notFound, type World } from "./facade-world.ts";

function send(
  world: World,
  who: string,
  title: string | null,
  text: string | null,
  bytes: number,
  fileCount: number,
): Result<SlipView, Problem> {
  const person = world.find(who);
  return person === undefined ? notFound("person") : ok(world.post(person, title, text, bytes, fileCount));
}

export function deliveryOperations(
  world: World,
): Pick<Facade, "slips" | "slip" | "slipFiles" | "say" | "sendPaths" | "accept" | "decline" | "cancel"> {
  const slipOf = (id: string): Result<SlipView, Problem> => {
    const slip = world.slips.find((known) => known.id === id);
    return slip === undefined ? notFound("delivery") : ok(slip);
  };
  const change = (id: string, to: (slip: SlipView) => SlipView): Result<SlipView, Problem> => {
    const slip = slipOf(id);
    return slip.ok ? ok(world.put(to(slip.value))) : slip;
  };
  return {
    slips: async (query) => {
      const who = query.who === undefined ? null : world.find(query.who);
      if (who === undefined) return notFound("person");
      const found = world.slips.filter(
        (slip) =>
          (who === null || slip.peerId === who.peerId) &&
          (query.before === undefined || slip.order < query.before) &&
          (query.direction === undefined || slip.direction === query.direction),
      );
      return ok(found.toReversed().slice(0, query.limit));
    },
    slip: async (id) => slipOf(id),
    slipFiles: async (id) => {
      const slip = slipOf(id);
      if (!slip.ok) return slip;
      const { fileCount, bytes, title } = slip.value;
      return ok(
        Array.from({ length: fileCount }, (_, at) => ({
          path: fileCount === 1 ? (title ?? "file") : `${title}/part-${String(at).padStart(3, "0")}.bin`,
          bytes: Math.floor(bytes / fileCount),
          digest: digest("file", id, at),
        })),
      );
    },
    say: async (who, text) => send(world, who, null, text, Buffer.byteLength(text), 0),
    sendPaths: async (who, paths) =>
      paths.some((path) => path.includes("missing"))
        ? fail(problem("file-missing", "A path does not exist.", "Check the path."))
        : send(world, who, paths[0]?.split("/").at(-1) ?? "file", null, 5_000_000, paths.length),
    accept: async (id) =>
      change(id, (slip) => ({
        ...slip,
        state: "sending",
        reason: null,
        progress: { bytesDone: 0, bytesTotal: slip.bytes, resumedFromBytes: 0, bytesPerSecond: 41_000_000 },
      })),
    decline: async (id) =>
      change(id, (slip) => ({ ...slip, state: "declined", reason: FAULTS.declined ?? null })),
    cancel: async (id) =>
      change(id, (slip) => ({
        ...slip,
        state: "cancelled",
        progress: null,
        reason: FAULTS.cancelled ?? null,
      })),
  };
}

export function uploadOperations(world: World): Pick<Facade, "beginUpload" | "addUploadFile" | "sendUpload"> {
  return {
    beginUpload: async () => {
      const uploadId = digest("upload", world.uploads.size).slice(0, 32);
      world.uploads.set(uploadId, new Map());
      return ok({ uploadId });
    },
    addUploadFile: async (uploadId, path, body) => {
      const upload = world.uploads.get(uploadId);
      if (upload === undefined) return notFound("upload");
      const bytes = new Uint8Array(await new Response(body).arrayBuffer());
      upload.set(path, bytes);
      world.lastUpload = upload;
      return ok({ bytes: bytes.length });
    },
    sendUpload: async (who, uploadId) => {
      const upload = world.uploads.get(uploadId);
      if (upload === undefined) return notFound("upload");
      world.uploads.delete(uploadId);
      const bytes = [...upload.values()].reduce((sum, file) => sum + file.length, 0);
      return send(world, who, [...upload.keys()][0]?.split("/")[0] ?? "file", null, bytes, upload.size);
    },
  };
}
