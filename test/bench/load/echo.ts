import type { Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { openEcho } from "../../e2e/support/open-websockets.js";
import { type Load, type Rates, begin, rates } from "./result.js";

/** Round trips over open websockets: so many a second in all, or, where that is 0, each as soon as the last is back. */
export const echo = async (load: Load & { kind: "echo" }): Promise<Rates> => {
  const { host, port, name } = load.site;
  const sockets: Socket[] = [];
  for (let number = 0; number < load.sockets; number += 1)
    sockets.push(await openEcho(host, port, name));
  const begun = begin();
  const end = begun.at + load.seconds * 1000;
  const took: number[] = [];
  const between = load.perSecond === 0 ? 0 : (load.sockets * 1000) / load.perSecond;
  await Promise.all(
    sockets.map(async (socket, number) => {
      let next = begun.at + (between * number) / load.sockets;
      for (let beat = 0; performance.now() < end; beat += 1) {
        if (between > 0) await pause(Math.max(0, next - performance.now()));
        next += between;
        const at = performance.now();
        await thereAndBack(socket, `${number}:${beat} ${filling}\n`);
        took.push(performance.now() - at);
      }
    }),
  );
  const seen = rates(took, begun);
  for (const socket of sockets) socket.destroy();
  return seen;
};

/** A message of a kernel is some hundred bytes. */
const filling = "x".repeat(200);

const thereAndBack = (socket: Socket, text: string): Promise<void> =>
  new Promise((resolve, reject) => {
    let came = "";
    const lost = () => reject(new Error("a websocket was closed"));
    const take = (data: string) => {
      came += data;
      if (came.length < text.length) return;
      socket.off("data", take).off("close", lost);
      if (came === text) resolve();
      else reject(new Error(`not what was sent: ${came}`));
    };
    socket.on("data", take).once("close", lost);
    socket.write(text);
  });
