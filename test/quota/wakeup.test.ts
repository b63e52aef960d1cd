import { mkdir, mkdtemp, rename, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { createRepetitions, createWakeup, notifyOnChange } from "../../quota/wakeup.js";

test("a relevant change in the folder ends the wait, and every change is checked by its name", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "swarmhub-wakeup-"));
  t.teardown(() => rm(folder, { recursive: true }));
  const names: string[] = [];
  const wakeup = createWakeup();
  const never = new AbortController();
  const stop = notifyOnChange(
    folder,
    wakeup,
    t.fail,
    (name) => names.push(name) > 0 && name === "b",
  );
  t.teardown(stop);
  await wakeup.wait(60_000, never.signal);
  await mkdir(join(folder, "a"));
  await writeFile(join(folder, "b.new"), "");
  await rename(join(folder, "b.new"), join(folder, "b"));
  await wakeup.wait(60_000, never.signal);
  t.true(names.includes("a"));
  t.true(names.includes("b"));
});

test("a change of a home that repeats ends the wait later, and a new home at once", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "swarmhub-wakeup-"));
  t.teardown(() => rm(folder, { recursive: true }));
  const homes = ["ada", "bob", "cy"].map((name) => join(folder, name));
  for (const home of homes) await mkdir(home);
  const wakeup = createWakeup();
  const isRepeated = createRepetitions(() => performance.now());
  const stop = notifyOnChange(folder, wakeup, t.fail, (name) =>
    isRepeated(name) ? "later" : true,
  );
  t.teardown(stop);
  const never = new AbortController();
  const waited = async (change: () => Promise<unknown>) => {
    const started = performance.now();
    const wait = wakeup.wait(60_000, never.signal);
    await change();
    await wait;
    return performance.now() - started;
  };
  await waited(async () => {});
  const touch = (home: string) => () => utimes(home, new Date(), new Date());
  const times = async (change: (home: string) => () => Promise<unknown>) => {
    const found: number[] = [];
    for (const home of homes) found.push(await waited(change(home)));
    return found;
  };
  // The quickest of three that are quick, and the slowest of three that are slow, since a machine may pause.
  const first = Math.min(...(await times(touch)));
  const repeated = Math.max(...(await times(touch)));
  const atNewHomes = await times((home) => async () => {
    await touch(home)();
    await mkdir(`${home}-too`);
  });
  const another = Math.min(...atNewHomes);
  t.true(repeated > 1500);
  t.true(first < repeated && another < repeated, `${first}, ${repeated} and ${another} ms`);
});

test("an event repeats another one of the same name within ten seconds, however many there are", (t) => {
  let now = 0;
  const isRepeated = createRepetitions(() => now);
  const at = (time: number, name: string) => {
    now = time;
    return isRepeated(name);
  };
  t.deepEqual(
    [at(0, "ada"), at(9000, "ada"), at(9000, "bob"), at(18_000, "ada"), at(28_000, "ada")],
    [false, true, false, true, false],
  );
});

test("a missing folder cannot be watched", (t) => {
  t.throws(() => notifyOnChange("/nonexistent", createWakeup(), t.fail, () => true));
});
