/**
 * One UDP socket on port 28411 as a program of its own, for tests of the lab itself: sends to each `ADDRESS PORT` that
 * comes as a line on standard input, and prints from where each datagram came. Ends with its input.
 */
import { createSocket } from "node:dgram";
import process from "node:process";
import { createInterface } from "node:readline";

const socket = createSocket({ type: "udp6" });
socket.on("message", (_content, { address, port }) => {
  process.stdout.write(`${address.replace("::ffff:", "")} ${port}\n`);
});
socket.bind(28_411, () => process.stdout.write("ready\n"));
for await (const line of createInterface({ input: process.stdin })) {
  const [address = "", port = ""] = line.split(" ");
  socket.send("?", Number(port), address.includes(":") ? address : `::ffff:${address}`);
}
socket.close();
