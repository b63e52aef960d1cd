import test from "ava";
import { createLimiter } from "../../src/transport/limiter.js";

/** Tasks that the test ends, and those that are running. */
const controlled = () => {
  const running: { name: string; end: () => void }[] = [];
  const task = (name: string) => () =>
    new Promise<string>((resolve) => {
      const entry = {
        name,
        end: () => {
          running.splice(running.indexOf(entry), 1);
          resolve(name);
        },
      };
      running.push(entry);
    });
  return { task, running, names: () => running.map(({ name }) => name) };
};

const settled = () => new Promise((resolve) => setImmediate(resolve));

test("no more than the maximum run at once; the others run first come, first served", async (t) => {
  const limit = createLimiter(2);
  const { task, running, names } = controlled();
  const all = ["a", "b", "c", "d"].map((name) => limit(task(name)));
  await settled();
  t.deepEqual(names(), ["a", "b"]);
  running[0]!.end();
  await settled();
  t.deepEqual(names(), ["b", "c"]);
  running[0]!.end();
  running[0]!.end();
  await settled();
  t.deepEqual(names(), ["d"]);
  running[0]!.end();
  t.deepEqual(await Promise.all(all), ["a", "b", "c", "d"]);
});

test("a failed task makes room for the next", async (t) => {
  const limit = createLimiter(1);
  await t.throwsAsync(
    limit(() => Promise.reject(new Error("no"))),
    { message: "no" },
  );
  await t.throwsAsync(
    limit(() => {
      throw new Error("not even begun");
    }),
    { message: "not even begun" },
  );
  t.is(await limit(async () => "yes"), "yes");
});

test("after narrowing no task starts until enough have ended", async (t) => {
  const limit = createLimiter(8);
  const { task, running, names } = controlled();
  const all = ["a", "b", "c"].map((name) => limit(task(name)));
  await settled();
  limit.narrow(2);
  all.push(limit(task("d")));
  running[0]!.end();
  await settled();
  t.deepEqual(names(), ["b", "c"]);
  running[0]!.end();
  await settled();
  t.deepEqual(names(), ["c", "d"]);
  while (running.length > 0) running[0]!.end();
  await Promise.all(all);
});

test("a running task that narrows gives up its own place", async (t) => {
  const limit = createLimiter(3);
  const { task, running, names } = controlled();
  const all = ["a", "b"].map((name) => limit(task(name)));
  await limit(async () => limit.narrow());
  all.push(limit(task("c")));
  await settled();
  t.deepEqual(names(), ["a", "b"]);
  while (running.length > 0) {
    running[0]!.end();
    await settled();
  }
  t.deepEqual(await Promise.all(all), ["a", "b", "c"]);
});

test("narrowing leaves room for one task, and never widens", async (t) => {
  const limit = createLimiter(3);
  const { task, running, names } = controlled();
  limit.narrow();
  limit.narrow(5);
  const all = ["a", "b"].map((name) => limit(task(name)));
  await settled();
  t.deepEqual(names(), ["a"]);
  running[0]!.end();
  await settled();
  running[0]!.end();
  await Promise.all(all);
  t.pass();
});
