import test from "ava";
import { createLimiter } from "../../src/transport/limiter.js";

/** Tasks that end when told to, and how many of them run. */
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

test("no more than so many run at once, the others first come first served", async (t) => {
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

test("a task that fails gives its place back", async (t) => {
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

test("a narrowed limit lets nobody in until enough have ended", async (t) => {
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

test("narrowing from within gives one's own place up", async (t) => {
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

test("narrowing with nothing running leaves room for one, and never widens", async (t) => {
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
