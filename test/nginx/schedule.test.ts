import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { minuteOfInstallation, minutes, scheduleOf } from "../../nginx/schedule.js";

test("the minute is drawn once for an installation, and again where the stored one is invalid", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "swarmhub-schedule-"));
  t.teardown(() => rm(folder, { recursive: true }));
  const drawn = await minuteOfInstallation(folder);
  t.true(Number.isInteger(drawn) && drawn >= 0 && drawn < minutes);
  t.is(await minuteOfInstallation(folder), drawn);
  for (const invalid of ["", "soon", "-1", "720", "1.5"]) {
    await writeFile(join(folder, "minute"), invalid);
    const other = await minuteOfInstallation(folder);
    t.is(await readFile(join(folder, "minute"), "utf8"), `${other}\n`);
  }
  const unstored = await minuteOfInstallation("/dev/null/nowhere");
  t.true(unstored >= 0 && unstored < minutes);
});

test("it checks at the time that was set, even one long past, and not at one that was cancelled", async (t) => {
  let checks = 0;
  let checked: () => void = () => {};
  const first = new Promise<void>((resolve) => {
    checked = resolve;
  });
  const { wakeAt } = scheduleOf(
    () => {
      checks += 1;
      checked();
    },
    () => {},
  );
  wakeAt(new Date(Date.now() + 1000));
  wakeAt(undefined);
  wakeAt(new Date(0));
  await first;
  t.is(checks, 1);
  wakeAt(new Date(Date.now() + 400 * 86_400_000));
  wakeAt(undefined);
});

test("it checks when the cron expression says", async (t) => {
  const checked = new Promise<void>((resolve) => {
    const { start } = scheduleOf(resolve, () => {});
    start(0, "* * * * * *");
  });
  await t.notThrowsAsync(checked);
});
