/**
 * Sends UDP packets at a steady rate, as a program of its own, so that the time it takes is not counted for whoever is
 * flooded. Arguments: address, port, packets a second, seconds; then packets as hex, taken in turn. Prints how many it
 * sent.
 */
import { createSocket } from "node:dgram";
import { once } from "node:events";
import process from "node:process";
import { setTimeout as pause } from "node:timers/promises";

const [address = "", port, perSecond, seconds, ...packets] = process.argv.slice(2);
const bytes = packets.map((hex) => Buffer.from(hex, "hex"));
const socket = createSocket("udp4");
socket.bind(0, "127.0.0.1");
await once(socket, "listening");
socket.setMulticastInterface("127.0.0.1");
const startMs = performance.now();
let sent = 0;
for (let elapsedMs = 0; elapsedMs < Number(seconds) * 1_000; elapsedMs = performance.now() - startMs) {
  // What should have been sent by now, less what was: a late timer is made up for.
  const due = Math.floor((elapsedMs * Number(perSecond)) / 1_000) - sent;
  for (let count = 0; count < due; count++) {
    socket.send(bytes[sent % bytes.length] ?? Buffer.alloc(1), Number(port), address, () => undefined);
    sent += 1;
  }
  await pause(2);
}
socket.close(() => process.stdout.write(`${sent}\n`));
