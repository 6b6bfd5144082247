/**
 * Owns how the built page is served: its files with their types and caching, compressed ones where the build made
 * them, and the page itself for every address that it routes. Reads nothing outside its folder.
 */
import { readFile, realpath } from "node:fs/promises";
import { extname, join, sep } from "node:path";
import { PAGE_HEADERS } from "./gate.ts";

const TYPES: Readonly<Record<string, string>> = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".ico": "image/x-icon",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json; charset=utf-8",
  ".map": "application/json; charset=utf-8",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".txt": "text/plain; charset=utf-8",
  ".webmanifest": "application/manifest+json",
  ".woff": "font/woff",
  ".woff2": "font/woff2",
};

const NOT_BUILT =
  "The page of Waybill is not built yet. Run npm run build in Waybill's folder, then reload this page.\n" +
  "Everything works from the terminal meanwhile: waybill --help\n";

/** Encodings the build may have left beside a file, best first. */
const ENCODINGS = [
  { name: "br", suffix: ".br" },
  { name: "gzip", suffix: ".gz" },
] as const;

/** The build puts a digest of the content into the names under `assets/`: they never change. */
const FOREVER = "public, max-age=31536000, immutable";

function pageResponse(
  body: string | Uint8Array<ArrayBuffer> | null,
  status: number,
  headers: Record<string, string>,
) {
  return new Response(body, { status, headers: { ...PAGE_HEADERS, ...headers } });
}

/** The path inside `root`; `null` when it is malformed or leads out of it, by dots or by a link. */
async function resolveInside(root: string, pathname: string): Promise<string | null> {
  let relative: string;
  try {
    relative = decodeURIComponent(pathname);
  } catch {
    return null;
  }
  if (/[\0\\]/.test(relative) || relative.split("/").some((part) => part.startsWith("."))) return null;
  const real = await realpath(join(root, relative)).catch(() => null);
  const realRoot = await realpath(root).catch(() => null);
  return real !== null && realRoot !== null && real.startsWith(realRoot + sep) ? real : null;
}

async function readInside(root: string, pathname: string): Promise<Uint8Array<ArrayBuffer> | null> {
  const path = await resolveInside(root, pathname);
  return path === null ? null : await readFile(path).catch(() => null);
}

/** The file of `pathname` in the best encoding accepted. */
async function readEncoded(root: string, pathname: string, accepted: string) {
  const names = accepted.split(",").map((part) => part.split(";")[0]?.trim());
  for (const { name, suffix } of ENCODINGS) {
    if (!names.includes(name)) continue;
    const bytes = await readInside(root, pathname + suffix);
    if (bytes !== null) return { bytes, encoding: name };
  }
  const bytes = await readInside(root, pathname);
  return bytes === null ? null : { bytes, encoding: null };
}

/** @param webRoot folder of the built page; need not exist. */
export async function servePage(webRoot: string, request: Request): Promise<Response> {
  if (request.method !== "GET" && request.method !== "HEAD") {
    return pageResponse("Only GET is answered here.\n", 405, {
      Allow: "GET, HEAD",
      "Content-Type": "text/plain",
    });
  }
  const { pathname } = new URL(request.url);
  const wanted = pathname === "/" ? "/index.html" : pathname;
  const accepted = request.headers.get("Accept-Encoding") ?? "";
  const isAsset = wanted.startsWith("/assets/") || extname(wanted) !== "";
  const exact = await readEncoded(webRoot, wanted, accepted);
  if (exact === null && isAsset && wanted !== "/index.html") {
    return pageResponse("There is no such file.\n", 404, { "Content-Type": "text/plain; charset=utf-8" });
  }
  const found = exact ?? (await readEncoded(webRoot, "/index.html", accepted));
  if (found === null) {
    return pageResponse(NOT_BUILT, 503, {
      "Content-Type": "text/plain; charset=utf-8",
      "Cache-Control": "no-store",
    });
  }
  const extension = exact === null ? ".html" : extname(wanted);
  const headers: Record<string, string> = {
    "Content-Type": TYPES[extension] ?? "application/octet-stream",
    "Content-Length": String(found.bytes.length),
    "Cache-Control": wanted.startsWith("/assets/") ? FOREVER : "no-cache",
    Vary: "Accept-Encoding",
  };
  if (found.encoding !== null) headers["Content-Encoding"] = found.encoding;
  return pageResponse(request.method === "HEAD" ? null : found.bytes, 200, headers);
}
