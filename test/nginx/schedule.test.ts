import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { drawnMinute, minutes, scheduleOf } from "../../nginx/schedule.js";

test("the minute is drawn once for an installation, and anew where what is kept is nonsense", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "swarmhub-schedule-"));
  t.teardown(() => rm(folder, { recursive: true }));
  const drawn = await drawnMinute(folder);
  t.true(Number.isInteger(drawn) && drawn >= 0 && drawn < minutes);
  t.is(await drawnMinute(folder), drawn);
  for (const nonsense of ["", "soon", "-1", "720", "1.5"]) {
    await writeFile(join(folder, "minute"), nonsense);
    const other = await drawnMinute(folder);
    t.is(await readFile(join(folder, "minute"), "utf8"), `${other}\n`);
  }
  const nowhere = await drawnMinute("/dev/null/nowhere");
  t.true(nowhere >= 0 && nowhere < minutes);
});

test("it looks at the time that was set, also one long past, and not at one that was taken back", async (t) => {
  let looks = 0;
  let looked: () => void = () => {};
  const first = new Promise<void>((resolve) => {
    looked = resolve;
  });
  const { wakeAt } = scheduleOf(
    () => {
      looks += 1;
      looked();
    },
    () => {},
  );
  wakeAt(new Date(Date.now() + 1000));
  wakeAt(undefined);
  wakeAt(new Date(0));
  await first;
  t.is(looks, 1);
  wakeAt(new Date(Date.now() + 400 * 86_400_000));
  wakeAt(undefined);
});

test("it looks as the cron expression says", async (t) => {
  const looked = new Promise<void>((resolve) => {
    const { start } = scheduleOf(resolve, () => {});
    start(0, "* * * * * *");
  });
  await t.notThrowsAsync(looked);
});
