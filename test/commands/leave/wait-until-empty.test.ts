import test from "ava";
import {
  type DrainMode,
  type ActiveServer,
  waitUntilEmpty,
} from "../../../src/commands/leave/wait-until-empty.js";

/** Some people's servers, who become idle after so many looks (never: at none), and a clock of a second a look. */
const room = (idleAfter: Record<string, number>) => {
  const there = new Map(Object.entries(idleAfter));
  const moved: string[] = [];
  const said: string[] = [];
  let looks = 0;
  const empty = (manner: DrainMode, signal?: AbortSignal) =>
    waitUntilEmpty(manner, {
      look: async () => {
        looks += 1;
        return [...there].map(([home, idle]): ActiveServer => ({
          home,
          user: home,
          idle: looks > idle,
        }));
      },
      move: async ({ home }) => {
        moved.push(home);
        there.delete(home);
      },
      say: (text) => void said.push(text),
      now: () => looks * 1000,
      every: 1,
      ...(signal !== undefined && { signal }),
    });
  return { empty, moved, said, there };
};
const never = Number.POSITIVE_INFINITY;

test("where nobody sits nothing is waited for", async (t) => {
  const { empty, said } = room({});
  t.true(await empty({ kind: "when-idle" }));
  t.deepEqual(said, []);
});

test("who is idle is moved, who is at work is waited for until the grace is over", async (t) => {
  const { empty, moved, said } = room({ ada: 0, bob: 2, carl: never });
  t.true(await empty({ kind: "grace", grace: 10_000 }));
  t.deepEqual(moved, ["ada", "bob", "carl"]);
  t.is(said[0], "waiting for bob, carl, 8 s at most");
  t.is(said.at(-1), "waiting for carl, 1 s at most");
});

test("without a grace nobody at work is moved, and an interruption ends the waiting", async (t) => {
  const { empty, moved, there } = room({ ada: 0, carl: never });
  const stop = new AbortController();
  const waiting = empty({ kind: "when-idle" }, stop.signal);
  setImmediate(() => stop.abort());
  t.false(await waiting);
  t.deepEqual(moved, ["ada"]);
  t.deepEqual([...there.keys()], ["carl"]);
});

test("who stops by himself is waited for no longer", async (t) => {
  const { empty, there, moved } = room({ carl: never });
  const waiting = empty({ kind: "when-idle" });
  setImmediate(() => there.clear());
  t.true(await waiting);
  t.deepEqual(moved, []);
});

test("now is now", async (t) => {
  const { empty, moved, said } = room({ ada: never, bob: never });
  t.true(await empty({ kind: "now" }));
  t.deepEqual(moved, ["ada", "bob"]);
  t.deepEqual(said, []);
});
