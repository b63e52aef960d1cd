import type { Host } from "../../src/host/host.js";
import type { Piece, Step } from "../../src/reconcile/piece.js";

/** The state of toy pieces: named things on hosts, and a callback for each change. */
export type ToyState = { things: Set<string>; log: string[]; onChange: (change: string) => void };

/** A state without things. */
export const newToyState = (): ToyState => ({ things: new Set(), log: [], onChange: () => {} });

/** A piece that makes its things on each host, in order. */
export const toy = (
  world: ToyState,
  name: string,
  things: readonly string[],
  hosts?: readonly Host[],
): Piece<Set<string>> => {
  const step = (host: Host, thing: string, verb: "make" | "drop"): Step => ({
    host,
    title: `${verb} ${thing}`,
    run: async () => {
      const key = `${host.name}:${name}.${thing}`;
      world.log.push(`${verb} ${key}`);
      if (verb === "make") world.things.add(key);
      else world.things.delete(key);
      world.onChange(`${verb} ${key}`);
    },
  });
  const each = (all: readonly Host[], want: (key: string) => boolean, verb: "make" | "drop") =>
    all.flatMap((host) =>
      things
        .filter((thing) => want(`${host.name}:${name}.${thing}`))
        .map((thing) => step(host, thing, verb)),
    );
  return {
    name,
    inspect: async () => new Set(world.things),
    plan: (_want, have, cluster) => each(hosts ?? cluster.hosts, (key) => !have.has(key), "make"),
    remove: (have, cluster) => each(hosts ?? cluster.hosts, (key) => have.has(key), "drop"),
  };
};

/** A piece with these steps; it is complete when each step has run. */
export const once = (name: string, steps: readonly Step[]): Piece<Set<Step>> => {
  const done = new Set<Step>();
  const recorded = new Map<Step, Step>();
  for (const step of steps) {
    const copy: Step = {
      ...step,
      ...(step.after === undefined
        ? {}
        : { after: step.after.map((each) => recorded.get(each) ?? each) }),
      run: async (progress) => {
        await step.run(progress);
        done.add(step);
      },
    };
    recorded.set(step, copy);
  }
  return {
    name,
    inspect: async () => new Set(done),
    plan: (_want, have) =>
      steps.filter((step) => !have.has(step)).map((step) => recorded.get(step) ?? step),
    remove: () => [],
  };
};
