/**
 * Owns the yardstick of a bare `node:tls` connection between two processes: file in, file out, synced before it is
 * acknowledged. Run as a program it is the receiving side: `tls-pipe.ts KEY CERT TARGET`, one file after the other,
 * each answered with one byte once it is on the disk.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createReadStream, createWriteStream, readFileSync } from "node:fs";
import { open } from "node:fs/promises";
import process from "node:process";
import { pipeline } from "node:stream/promises";
import { connect, createServer } from "node:tls";
import { fileURLToPath } from "node:url";

const CHUNK_BYTES = 1024 * 1024;
const TLS = { minVersion: "TLSv1.3", ciphers: "TLS_AES_128_GCM_SHA256" } as const;

export interface PipeOptions {
  readonly keyFile: string;
  readonly certificateFile: string;
  readonly source: string;
  readonly target: string;
}

/** @returns seconds from opening the connection until the other side has synced the file. */
export async function runTlsPipe({ keyFile, certificateFile, source, target }: PipeOptions): Promise<number> {
  const self = fileURLToPath(import.meta.url);
  const receiver = spawn(process.execPath, [self, keyFile, certificateFile, target], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = await once(receiver.stdout.setEncoding("utf8"), "data");
  const startedMs = performance.now();
  const socket = connect({
    host: "127.0.0.1",
    port: Number(line),
    ca: readFileSync(certificateFile),
    servername: "localhost",
    ...TLS,
  });
  const acknowledged = once(socket, "data");
  await pipeline(createReadStream(source, { highWaterMark: CHUNK_BYTES }), socket, { end: false });
  socket.end();
  await acknowledged;
  const seconds = (performance.now() - startedMs) / 1000;
  socket.destroy();
  await once(receiver, "close");
  return seconds;
}

async function receive(keyFile: string, certificateFile: string, target: string): Promise<void> {
  const options = {
    key: readFileSync(keyFile),
    cert: readFileSync(certificateFile),
    allowHalfOpen: true,
    ...TLS,
  };
  const server = createServer(options, (socket) => {
    void (async () => {
      await pipeline(socket, createWriteStream(target, { highWaterMark: CHUNK_BYTES }), { end: true });
      const file = await open(target, "r+");
      await file.sync();
      await file.close();
      socket.end("k");
      server.close();
    })();
  });
  server.listen(0, "127.0.0.1", () => {
    const address = server.address();
    process.stdout.write(`${typeof address === "object" ? address?.port : ""}\n`);
  });
  await once(server, "close");
}

if (import.meta.main) {
  const [keyFile = "", certificateFile = "", target = ""] = process.argv.slice(2);
  await receive(keyFile, certificateFile, target);
}
