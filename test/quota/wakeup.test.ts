import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { createWakeup, notifyOnChange } from "../../quota/wakeup.js";

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

test("a missing folder cannot be watched", (t) => {
  t.throws(() => notifyOnChange("/nonexistent", createWakeup(), t.fail, () => true));
});
