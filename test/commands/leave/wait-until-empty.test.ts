import test from "ava";
import {
  type DrainMode,
  type ActiveServer,
  waitUntilEmpty,
} from "../../../src/commands/leave/wait-until-empty.js";
import { UserError } from "../../../src/errors.js";
import { userError } from "../../support/fakes.js";

/** Servers that become idle after so many listings, or never, and a clock that advances a second with each. */
const machineWith = (idleAfter: Record<string, number>, stuck: readonly string[] = []) => {
  const running = new Map(Object.entries(idleAfter));
  const moved: string[] = [];
  const messages: string[] = [];
  let listings = 0;
  const empty = (mode: DrainMode, signal?: AbortSignal) =>
    waitUntilEmpty(mode, {
      list: async () => {
        listings += 1;
        return [...running].map(([home, idle]): ActiveServer => ({
          home,
          user: home,
          idle: listings > idle,
        }));
      },
      move: async ({ home }) => {
        moved.push(home);
        if (stuck.includes(home)) throw new UserError(`cannot stop the server of ${home}`);
        running.delete(home);
      },
      progress: (text) => void messages.push(text),
      now: () => listings * 1000,
      every: 1,
      ...(signal !== undefined && { signal }),
    });
  return { empty, moved, messages, running };
};
const never = Number.POSITIVE_INFINITY;

test("without servers there is no wait", async (t) => {
  const { empty, messages } = machineWith({});
  t.true(await empty({ kind: "when-idle" }));
  t.deepEqual(messages, []);
});

test("idle servers are moved at once, busy ones at the end of the grace period", async (t) => {
  const { empty, moved, messages } = machineWith({ ada: 0, bob: 2, carl: never });
  t.true(await empty({ kind: "grace", grace: 10_000 }));
  t.deepEqual(moved, ["ada", "bob", "carl"]);
  t.is(messages[0], "waiting for bob, carl, 8 s at most");
  t.is(messages.at(-1), "waiting for carl, 1 s at most");
});

test("without a grace period no busy server is moved, and an interruption ends the wait", async (t) => {
  const { empty, moved, running } = machineWith({ ada: 0, carl: never });
  const stop = new AbortController();
  const waiting = empty({ kind: "when-idle" }, stop.signal);
  setImmediate(() => stop.abort());
  t.false(await waiting);
  t.deepEqual(moved, ["ada"]);
  t.deepEqual([...running.keys()], ["carl"]);
});

test("a server that stops by itself ends the wait", async (t) => {
  const { empty, running, moved } = machineWith({ carl: never });
  const waiting = empty({ kind: "when-idle" });
  setImmediate(() => running.clear());
  t.true(await waiting);
  t.deepEqual(moved, []);
});

test("a server that cannot be stopped does not stop the others, and is an error once they are gone", async (t) => {
  const { empty, moved, running } = machineWith({ ada: 0, bob: 2, carl: 0 }, ["ada", "carl"]);
  const error = await userError(empty({ kind: "when-idle" }));
  t.is(error.message, "cannot stop the server of ada\ncannot stop the server of carl");
  t.deepEqual(moved, ["ada", "carl", "bob"]);
  t.deepEqual([...running.keys()], ["ada", "carl"]);
});

test("a server that could not be stopped but ended by itself is no error", async (t) => {
  const { empty, running } = machineWith({ ada: 0, bob: never }, ["ada"]);
  const waiting = empty({ kind: "when-idle" });
  setImmediate(() => running.clear());
  t.true(await waiting);
});

test("with now all servers are moved at once", async (t) => {
  const { empty, moved, messages } = machineWith({ ada: never, bob: never });
  t.true(await empty({ kind: "now" }));
  t.deepEqual(moved, ["ada", "bob"]);
  t.deepEqual(messages, []);
});
