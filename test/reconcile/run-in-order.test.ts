import test from "ava";
import { UserError } from "../../src/errors.js";
import { runInOrder } from "../../src/reconcile/run-in-order.js";
import type { Planned } from "../../src/reconcile/piece.js";
import { eventually, userError } from "../support/fakes.js";
import { once } from "../support/toy-piece.js";

const planned = (name: string, beginsAfter?: string): Planned => ({
  piece: {
    ...once(name, []),
    ...(beginsAfter !== undefined && { startsAfter: beginsAfter }),
  },
  steps: [],
});
const pieces = [
  planned("engine"),
  planned("firewall"),
  planned("swarm"),
  planned("images", "engine"),
  planned("seats"),
];

/** Work that is noted when it begins, and ends when it is told to. */
const world = () => {
  const log: string[] = [];
  const ends = new Map<string, (error?: Error) => void>();
  const work = ({ piece: { name } }: Planned): Promise<void> =>
    new Promise((resolve, reject) => {
      log.push(name);
      ends.set(name, (error) => (error === undefined ? resolve() : reject(error)));
    });
  const end = (name: string, error?: Error): void => ends.get(name)?.(error);
  const begun = (...names: string[]) => eventually(() => log.join() === names.join());
  return { work, end, begun, log };
};

test("a piece that may start early runs once, beside those in between, and is waited for in its turn", async (t) => {
  const { work, end, begun, log } = world();
  const run = runInOrder(pieces, work);
  await begun("engine");
  end("engine");
  await begun("engine", "images", "firewall");
  end("firewall");
  await begun("engine", "images", "firewall", "swarm");
  end("swarm");
  await new Promise(setImmediate);
  t.false(log.includes("seats"), "what stands on the images waits for them");
  end("images");
  await begun("engine", "images", "firewall", "swarm", "seats");
  end("seats");
  await run;
});

test("the failure of an early piece is raised in its turn, and nothing starts after it", async (t) => {
  const { work, end, begun, log } = world();
  const run = runInOrder(pieces, work);
  await begun("engine");
  end("engine");
  await begun("engine", "images", "firewall");
  end("images", new UserError("worker1: no image"));
  end("firewall");
  await begun("engine", "images", "firewall", "swarm");
  end("swarm");
  t.is((await userError(run)).message, "worker1: no image");
  t.false(log.includes("seats"));
});

test("an early piece is waited for when another fails, and both errors are raised", async (t) => {
  const { work, end, begun } = world();
  let isOver = false;
  const run = runInOrder(pieces, work).finally(() => (isOver = true));
  await begun("engine");
  end("engine");
  await begun("engine", "images", "firewall");
  end("firewall", new UserError("worker1: no iptables"));
  await new Promise(setImmediate);
  t.false(isOver);
  end("images", new UserError("worker2: no image"));
  t.is((await userError(run)).message, "worker1: no iptables\nworker2: no image");
});
