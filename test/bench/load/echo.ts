import type { Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { openWebsocket } from "../../e2e/support/open-websockets.js";
import { type Load, type Rates, rates, startMeasurement } from "./result.js";

/** Round trips over open websockets at a rate; with a rate of 0, each starts when the previous one is complete. */
export const echo = async (load: Load & { kind: "echo" }): Promise<Rates> => {
  const { host, port, name } = load.site;
  const sockets: Socket[] = [];
  try {
    for (let number = 0; number < load.sockets; number += 1)
      sockets.push(await openWebsocket(host, port, name));
    const started = startMeasurement();
    const end = started.at + load.seconds * 1000;
    const times: number[] = [];
    const interval = load.perSecond === 0 ? 0 : (load.sockets * 1000) / load.perSecond;
    await Promise.all(
      sockets.map(async (socket, number) => {
        let next = started.at + (interval * number) / load.sockets;
        for (let message = 0; performance.now() < end; message += 1) {
          if (interval > 0) await pause(Math.max(0, next - performance.now()));
          next += interval;
          const sent = performance.now();
          await roundTrip(socket, `${number}:${message} ${padding}\n`);
          times.push(performance.now() - sent);
        }
      }),
    );
    return rates(times, started);
  } finally {
    for (const socket of sockets) socket.destroy();
  }
};

/** A message of a kernel has some hundred bytes. */
const padding = "x".repeat(200);

const roundTrip = (socket: Socket, text: string): Promise<void> =>
  new Promise((resolve, reject) => {
    let received = "";
    const fail = () => reject(new Error("a websocket was closed"));
    const read = (data: string) => {
      received += data;
      if (received.length < text.length) return;
      socket.off("data", read).off("close", fail);
      if (received === text) resolve();
      else reject(new Error(`the echo differs from the message: ${received}`));
    };
    socket.on("data", read).once("close", fail);
    socket.write(text);
  });
