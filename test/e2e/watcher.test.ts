import { readFile } from "node:fs/promises";
import test, { type ExecutionContext } from "ava";
import { waitUntil } from "../../src/wait.js";
import { installTools, makeHomes } from "../bench/limits.js";
import { workshop } from "./support/lab.js";
import { arrive } from "./support/user.js";
import { changeTo, warmClass } from "./support/warm-class.js";

// What may befall the quota watcher while homes are made by the hundred: each test goes on from the one before.
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

type Left = {
  reached: boolean;
  made: number;
  marked: number;
  own: number;
  unlimited: string[];
  early: string[];
};

/** Makes homes until the watcher comes to a step, and kills it there unless that is left to somebody else. */
const burst = async (t: ExecutionContext, step: string, prefix: string, count: number, no = "") => {
  const command = `python3 /root/kill-watcher.py ${step} ${prefix} ${count} ${no}`;
  const left = JSON.parse(await lab.on(1, command)) as Left;
  const { reached, made, marked, own } = left;
  t.log(`${step}: ${made} homes made, ${own} with a limit of their own, ${marked} with a mark`);
  t.true(reached, "the step was seen");
  t.deepEqual(left.unlimited, [], "no folder was ever without a limit");
  t.deepEqual(left.early, [], "no mark went before the limit was there");
  return left;
};

const allRight = async (t: ExecutionContext) => {
  // With the folder of the homes among them: who shares its id has none yet.
  const look = `ls ${storage}/pending; docker exec swarmhub-quota lsattr -pa ${storage}/homes | grep -v '/[.][.]$' | awk '{print $1}' | sort`;
  const ids = await waitUntil(
    async () => {
      const seen = (await lab.on(1, look)).trim().split("\n");
      return seen.every(Number) && new Set(seen).size === seen.length ? seen : undefined;
    },
    { deadline: 180_000, every: 1000, otherwise: () => new Error("marks stay, or ids are shared") },
  );
  const { code, stdout, stderr } = await swarmhub("quota", "check");
  t.is(code, 0, stdout + stderr);
  t.regex(stdout, new RegExp(`^${ids.length - 1} homes: each has a project id of its own`, "m"));
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
  "killed with -9 at any of its steps the watcher comes back, and no home is ever without a limit",
  async (t) => {
    const names = ["look", "accounts", "limit", "assign", "tree", "mark"];
    const steps = [
      ...["during", "after"].flatMap((when) => names.map((name) => `${when}:${name}`)),
      "during:survey",
    ];
    for (const [index, step] of steps.entries()) await burst(t, step, `kill${index}-`, 40);
    await allRight(t);
    const restarts = await lab.on(1, "docker inspect -f '{{.RestartCount}}' swarmhub-quota");
    t.true(Number(restarts) >= steps.length, `restarted ${restarts.trim()} times by itself`);
  },
);

for (const [index, step] of ["during:assign", "after:mark"].entries())
  test.serial(
    `the plug is pulled ${step.replace(":", " ")} with 700 new homes: all is right after the boot`,
    async (t) => {
      const { made } = await burst(t, step, `plug${index}-`, 700, "no");
      await lab.lab("kill", "1");
      await lab.lab("boot", "1");
      const there = await lab.on(
        1,
        `mountpoint -q ${storage} || mount ${storage}; ls ${storage}/homes | grep -c ^plug${index}-; ls ${storage}/pending | grep -c ^plug${index}- || true`,
      );
      const [homes = 0, marks] = there.trim().split("\n").map(Number);
      t.log(`after the boot ${homes} homes of ${made} are there, ${marks} with a mark`);
      t.is(homes, made, "what was on the disk is there");
      await allRight(t);
    },
  );

test.serial("while the clock is wrong homes get their limits, and nothing is erased", async (t) => {
  const anna = await arrive(`https://${lab.reachedAt(1)}`, "anna");
  const start = await anna.start();
  t.true(start.ready, start.told);
  await lab.on(1, `echo hers >${storage}/homes/anna/note`);
  await anna.leave();
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
  await allRight(t);
  const { code, stderr } = await swarmhub("homes", "restore", "anna");
  t.is(code, 0, stderr);
  t.is(await lab.on(1, `cat ${storage}/homes/anna/note`), "hers\n");
  await allRight(t);
});
