import { setTimeout as pause } from "node:timers/promises";
import { type Asker, openAsker } from "./asker.js";
import { type Load, type Question, type Rates, begin, rates } from "./result.js";

/** Each connection is asked again as soon as it answered. */
export const atOnce = (load: Load & { kind: "at once" }): Promise<Rates> =>
  overOpen(load, async ({ ask }) => {
    const begun = begin();
    const end = begun.at + load.seconds * 1000;
    const took: number[] = [];
    await Promise.all(
      Array.from({ length: load.connections }, async () => {
        while (performance.now() < end) took.push(await ask(load));
      }),
    );
    return rates(took, begun);
  });

/** Questions at a fixed pace, whether or not those before are answered: a slow site is asked no less often. */
export const paced = (load: Load & { kind: "paced" }): Promise<Rates> =>
  overOpen(load, async ({ ask }) => {
    const begun = begin();
    const took = await Promise.all(
      Array.from({ length: load.perSecond * load.seconds }, async (_, number) => {
        const at = begun.at + (number * 1000) / load.perSecond;
        await pause(Math.max(0, at - performance.now()));
        return ask(load);
      }),
    );
    return rates(took, begun);
  });

/** One connection after the other, each asked once, its making included. */
export const connections = async (load: Load & { kind: "connections" }): Promise<Rates> => {
  const once = load.isResumed ? "resume" : "anew";
  const { ask, close } = openAsker(load.site, { connections: 1, once });
  await ask(load);
  const begun = begin();
  const took: number[] = [];
  for (let number = 0; number < load.count; number += 1) took.push(await ask(load));
  close();
  return rates(took, begun);
};

/** With all connections open before anything counts. */
const overOpen = async (
  load: { connections: number } & Question,
  work: (asker: Asker) => Promise<Rates>,
): Promise<Rates> => {
  const asker = openAsker(load.site, { connections: load.connections });
  await Promise.all(Array.from({ length: load.connections }, () => asker.ask(load)));
  const seen = await work(asker);
  asker.close();
  return seen;
};
