/**
 * Sends UDP packets at a steady rate, as a program of its own, so that the time it takes is not counted for whoever is
 * flooded. Arguments: address, port, packets a second, seconds; then packets as hex, taken in turn. Prints how many it
 * sent.
 */
import { createSocket } from "node:dgram";
import { once } from "node:events";
import process from "node:process";
import { realClock } from "./real.ts";

const [address = "", port, perSecond, seconds, ...packets] = process.argv.slice(2);
const bytes = packets.map((hex) => Buffer.from(hex, "hex"));
const socket = createSocket("udp4");
socket.bind(0, "127.0.0.1");
await once(socket, "listening");
socket.setMulticastInterface("127.0.0.1");
const startMs = realClock.monotonicMs();
let sent = 0;
const timer = realClock.every(2, () => {
  const elapsedMs = realClock.monotonicMs() - startMs;
  // What should have been sent by now, less what was: a late timer is made up for.
  const due = Math.floor((elapsedMs * Number(perSecond)) / 1_000) - sent;
  for (let count = 0; count < due; count++) {
    socket.send(bytes[sent % bytes.length] ?? Buffer.alloc(1), Number(port), address, () => undefined);
    sent += 1;
  }
  if (elapsedMs < Number(seconds) * 1_000) return;
  timer.cancel();
  socket.close(() => process.stdout.write(`${sent}\n`));
});
