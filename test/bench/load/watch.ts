import { once } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import { openWebsockets } from "../../e2e/support/open-websockets.js";
import { createClient } from "./client.js";
import type { Load, WatchResult } from "./result.js";

/**
 * Keeps websockets open with a message each second, and opens new connections several times a second, until stdin ends.
 * Prints "open" on stderr when all connections are open.
 */
export const watch = async (load: Load & { kind: "watch" }): Promise<WatchResult> => {
  const { host, port, name } = load.site;
  const end = performance.now() + load.seconds * 1000;
  const { stop } = await openWebsockets(host, port, name, load.sockets);
  const { send } = createClient(load.site, { connections: 1, once: "new" });
  await send(load);
  process.stderr.write("open\n");
  let isOver = false;
  void once(process.stdin.resume(), "end").then(() => (isOver = true));
  let answered = performance.now();
  let silent = 0;
  while (!isOver && performance.now() < end) {
    await pause(50);
    // After an error the next request follows.
    await send(load).then(
      () => {
        silent = Math.max(silent, performance.now() - answered);
        answered = performance.now();
      },
      () => {},
    );
  }
  if (!isOver) throw new Error(`stdin did not end within ${load.seconds} s`);
  silent = Math.max(silent, performance.now() - answered);
  const { broken, slowest } = stop();
  return { broken: broken.length, silent, slowest };
};
