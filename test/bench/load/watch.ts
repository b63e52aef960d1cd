import { once } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import { openEchoes } from "../../e2e/support/open-websockets.js";
import { openAsker } from "./asker.js";
import type { Load, Watched } from "./result.js";

/**
 * Keeps websockets open, each answering once a second, and comes anew several times a second, until stdin ends. Says "open"
 * on stderr when all is: what happens after it is seen.
 */
export const watch = async (load: Load & { kind: "watch" }): Promise<Watched> => {
  const { host, port, name } = load.site;
  const end = performance.now() + load.seconds * 1000;
  const { stop } = await openEchoes(host, port, name, load.sockets);
  const { ask } = openAsker(load.site, { connections: 1, once: "anew" });
  await ask(load);
  process.stderr.write("open\n");
  let isOver = false;
  void once(process.stdin.resume(), "end").then(() => (isOver = true));
  let answered = performance.now();
  let silent = 0;
  while (!isOver && performance.now() < end) {
    await pause(50);
    // While nobody answers the next look is all that there is to do.
    await ask(load).then(
      () => {
        silent = Math.max(silent, performance.now() - answered);
        answered = performance.now();
      },
      () => {},
    );
  }
  if (!isOver) throw new Error(`what was watched was not over within ${load.seconds} s`);
  silent = Math.max(silent, performance.now() - answered);
  const { broken, latest } = stop();
  return { broken: broken.length, silent, latest };
};
