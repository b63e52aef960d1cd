import { readFile } from "node:fs/promises";
import test, { type ExecutionContext } from "ava";
import { waitUntil } from "../../src/wait.js";
import { installTools, makeHomes } from "../bench/limits.js";
import { workshop } from "./support/lab.js";
import { logInWithRetry } from "./support/user.js";
import { changeTo, warmClass } from "./support/warm-class.js";

// Failures of the quota watcher while hundreds of homes are created. Each test continues from the previous one.
const lab = await warmClass("e2e-watcher", { machines: 1, memory: 2048 });
const shop = await workshop(
  lab,
  `name: warm
manager: node1
storage: {device: /dev/ubdb, quota: 60M, trash: 30d}
login: {shared-password: from-env ROOM_PASSWORD}
servers: {image: "${lab.image}", memory: 400M, cpu: 1}
engine: {registry-mirrors: ["http://${lab.registry}"]}
`,
);
const { swarmhub } = shop;
const storage = "/srv/swarmhub";
const limit = 60 * 2 ** 20;

type BurstResult = {
  reached: boolean;
  made: number;
  /** How many of them are on the disk for certain. */
  synced: number;
  marked: number;
  own: number;
  unlimited: string[];
  early: string[];
};

/** Creates homes until the watcher reaches a step, and kills it there, except with `no`. */
const burst = async (t: ExecutionContext, step: string, prefix: string, count: number, no = "") => {
  const command = `python3 /root/kill-watcher.py ${step} ${prefix} ${count} ${no}`;
  const result = JSON.parse(await lab.on(1, command)) as BurstResult;
  const { reached, made, marked, own } = result;
  t.log(
    `${step}: ${made} homes created, ${own} with their own limit, ${marked} with a pending marker`,
  );
  t.true(reached, "the step was seen");
  t.deepEqual(result.unlimited, [], "no folder was ever without a limit");
  t.deepEqual(result.early, [], "no pending marker was removed before the limit was set");
  return result;
};

const assertLimits = async (t: ExecutionContext) => {
  // The list includes the parent folder: a home with the same id has no project of its own yet.
  // In this order: a home gets its marker before its id, and loses it when a later pass has found all ids.
  const list = `docker exec warm-quota lsattr -pa ${storage}/homes | grep -v '/[.][.]$' | awk '{print $1}' | sort; ls ${storage}/pending`;
  const ids = await waitUntil(
    async () => {
      const lines = (await lab.on(1, list)).trim().split("\n");
      return lines.every(Number) && new Set(lines).size === lines.length ? lines : undefined;
    },
    {
      deadline: 180_000,
      every: 1000,
      otherwise: () => new Error("pending markers remain, or ids are shared"),
    },
  );
  const { code, stdout, stderr } = await swarmhub("quota", "check");
  t.is(code, 0, stdout + stderr);
  t.regex(
    stdout,
    new RegExp(`^${ids.length - 1} homes: all project ids and limits are correct`, "m"),
  );
};

const setClock = (by: string) => lab.on(1, `date -s "$(date '+%F %T') ${by}"`);

test.before(async () => {
  await changeTo(shop);
  await installTools(lab);
  await lab.write(
    1,
    "/root/kill-watcher.py",
    await readFile("test/e2e/support/homes/kill-watcher.py", "utf8"),
  );
});

test.after.always(() => lab.lab("down"));

test.serial(
  "the watcher restarts after SIGKILL at any of its steps, and no home is ever without a limit",
  async (t) => {
    const names = ["inspect", "accounts", "limit", "assign", "tree", "marker"];
    const steps = [
      ...["during", "after"].flatMap((when) => names.map((name) => `${when}:${name}`)),
      "during:full-scan",
    ];
    for (const [index, step] of steps.entries()) await burst(t, step, `kill${index}-`, 40);
    await assertLimits(t);
    const restarts = await lab.on(1, "docker inspect -f '{{.RestartCount}}' warm-quota");
    t.true(Number(restarts) >= steps.length, `restarted ${restarts.trim()} times by itself`);
  },
);

for (const [index, step] of ["during:assign", "after:marker"].entries())
  test.serial(
    `after a power cut ${step.replace(":", " ")} with 700 new homes, all limits are set after the boot`,
    async (t) => {
      const { made, synced } = await burst(t, step, `plug${index}-`, 700, "no");
      await lab.lab("kill", "1");
      await lab.lab("boot", "1");
      const counts = await lab.on(
        1,
        `mountpoint -q ${storage} || mount ${storage}; ls ${storage}/homes | grep -c ^plug${index}-; ls ${storage}/pending | grep -c ^plug${index}- || true`,
      );
      const [homes = 0, markers] = counts.trim().split("\n").map(Number);
      t.log(`after the boot there are ${homes} of ${made} homes, ${markers} with a pending marker`);
      t.true(homes >= synced && homes <= made, "all homes are still on the disk");
      await assertLimits(t);
    },
  );

test.serial("with a wrong clock homes still get their limits, and nothing is erased", async (t) => {
  const anna = await logInWithRetry(`https://${lab.reachableAddress(1)}`, "anna");
  t.teardown(() => anna.close());
  const start = await anna.start();
  t.true(start.ready, start.output);
  await lab.on(1, `echo hers >${storage}/homes/anna/note`);
  t.is((await swarmhub("homes", "delete", "anna", "--yes")).code, 0);
  for (const [index, by] of [
    "1 hour ago",
    "1 year ago",
    "2 years",
    "1 year ago",
    "1 hour",
  ].entries()) {
    t.log((await setClock(by)).trim());
    await lab.on(1, `touch ${storage}/limits.json`);
    const { last } = await makeHomes(lab, `clock${index}-`, 100, limit);
    t.log(`100 homes limited after ${last} s`);
    t.regex(await lab.on(1, `ls ${storage}/trash`), /^anna\.\d{8}T\d{6}Z\n$/);
  }
  await assertLimits(t);
  const { code, stderr } = await swarmhub("homes", "restore", "anna");
  t.is(code, 0, stderr);
  t.is(await lab.on(1, `cat ${storage}/homes/anna/note`), "hers\n");
  await assertLimits(t);
});
