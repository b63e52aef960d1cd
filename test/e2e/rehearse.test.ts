import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import test from "ava";
import type { Rehearsal } from "../../src/rehearsal/rehearsal.js";
import { simulateLogin } from "../bench/simulated-student.js";
import { classIn } from "./support/class.js";
import { roomPassword, workshop } from "./support/lab.js";
import { changeTo, warmClass } from "./support/warm-class.js";

// A class of two machines with four seats or more, whose servers have 300 MB.
const lab = await warmClass("e2e-rehearse", { machines: 2, memory: 3072 });
const shop = await workshop(
  lab,
  `name: warm
manager: node1
workers: [node2]
storage: {device: /dev/ubdb, quota: 100M}
login: {shared-password: from-env ROOM_PASSWORD}
servers: {image: "${lab.image}", memory: 300M, cpu: 1}
engine: {registry-mirrors: ["http://${lab.registry}"]}
`,
);
const { swarmhub, start, folder } = shop;
const { logIn } = classIn(lab);
const address = `https://${lab.reachableAddress(1)}`;

const hog = {
  nbformat: 4,
  nbformat_minor: 4,
  metadata: {},
  cells: ["1 + 1", "held = [bytearray(2**20) for _ in range(1000)]", "2 + 2"].map((source) => ({
    cell_type: "code",
    metadata: {},
    outputs: [],
    execution_count: null,
    source,
  })),
};

/** All that rehearsals leave: users, services, volumes on both machines, homes with their notes and limits. */
const traces = async (): Promise<string[]> => {
  const users = `echo '{}' | docker exec -i $(docker ps -q -f name=warm-hub) python3 -m swarmhub.services.rehearsal_api hear | grep -o 'Rehearsal-[0-9]*' || true`;
  const storage = `find /srv/swarmhub -maxdepth 3 -name 'rehearsal---*'`;
  const volumes = `docker volume ls -q -f label=swarmhub.user | grep rehearsal || true`;
  const services = `docker service ls --format '{{.Name}}' | grep rehearsal || true`;
  const found = await Promise.all([
    lab.on(1, users),
    lab.on(1, storage),
    lab.on(1, services),
    lab.on(1, volumes),
    lab.on(2, volumes),
  ]);
  return found.flatMap((text) => text.split("\n").filter((line) => line !== ""));
};

/** The result among the lines of `rehearse --json`. */
const resultIn = (stdout: string) => {
  const lines = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { type: string });
  return lines.find(({ type }) => type === "result") as unknown as Rehearsal & {
    verdict: string[];
    comparison: string[];
  };
};

/** Starts a rehearsal, and does something when its people come. */
const whilePeopleCome = async (act: (run: ReturnType<typeof start>) => void) => {
  const run = start("rehearse", "--json", "--people", "4", "--at-once", "--minutes", "5");
  const ended = new Promise<number | null>((resolve) => run.once("close", resolve));
  let isDone = false;
  for await (const line of createInterface(run.stdout)) {
    if (isDone || !line.includes("step-progress") || !line.includes("starting")) continue;
    isDone = true;
    act(run);
  }
  return ended;
};

test.before(() => changeTo(shop));
test.after.always(() => lab.lab("down"));

test.serial("four people come in and work, and nothing of them stays", async (t) => {
  t.timeout(900_000);
  const argv = ["--people", "4", "--minutes", "1", "--report", "report.html"];
  const { code, stdout, stderr } = await swarmhub("rehearse", ...argv);
  t.log(stdout);
  t.is(code, 0, stderr);
  t.regex(stdout, /^All 4 people who come within two minutes come in within/);
  t.regex(stdout, /^one of them in a real browser, Chromium \d+$/m);
  t.regex(stdout, /the largest server +\d+ MB +300 MB/);
  t.regex(stdout, /^Rehearsal-\d +\d+ MB +300 MB +\S+$/m);
  t.deepEqual(await traces(), []);
  const page = await readFile(join(folder, "report.html"), "utf8");
  t.regex(page, /<svg role="img"/);
});

test.serial(
  "its figures for login and start stand beside those of the benchmark's students",
  async (t) => {
    t.timeout(900_000);
    const site = { address, password: roomPassword };
    const names = ["anna", "bert", "carl", "dora"];
    const students = await Promise.all(names.map((name) => simulateLogin(site, name)));
    for (const { user, answered, message, failure } of students)
      t.truthy(answered, `${user}: ${message ?? failure ?? ""}`);
    for (const name of names) {
      const user = await logIn(name);
      await user.stop();
      await user.close();
    }
    const argv = ["--json", "--people", "4", "--at-once", "--minutes", "1"];
    const { code, stdout, stderr } = await swarmhub("rehearse", ...argv);
    t.is(code, 0, stderr);
    const phases = resultIn(stdout).rounds[0]?.phases ?? [];
    const benchmark = {
      login: students.map(({ started, loggedIn = Number.NaN }) => loggedIn - started),
      start: students.map(({ loggedIn = 0, answered = Number.NaN }) => answered - loggedIn),
    };
    for (const [phase, times] of Object.entries(benchmark)) {
      const found = phases.find((each) => each.phase === phase);
      // The fourth comes in a real browser, whose figures stand for themselves.
      t.is(found?.count, 3, phase);
      const worst = Math.max(...times);
      const ratio = ((found?.worst ?? Number.NaN) / worst).toFixed(2);
      t.log(`${phase}, the slowest of four: ${found?.worst} ms, benchmark ${worst} ms: ${ratio}`);
    }
    t.deepEqual(await traces(), []);
  },
);

test.serial(
  "a cell that takes too much memory is named, and the last rehearsal is compared",
  async (t) => {
    t.timeout(900_000);
    await writeFile(join(folder, "hog.ipynb"), JSON.stringify(hog));
    const argv = [
      "--json",
      "--people",
      "4",
      "--at-once",
      "--minutes",
      "1",
      "--notebook",
      "hog.ipynb",
    ];
    const { code, stdout } = await swarmhub("rehearse", ...argv);
    t.is(code, 1);
    const result = resultIn(stdout);
    t.log(result.verdict, result.comparison);
    t.true(result.verdict.includes("At 300 MB, 4 of 4 run out of memory in cell 2."));
    t.regex(result.comparison[0] ?? "", /with 4 people and the built-in notebook/);
    t.deepEqual(await traces(), []);
  },
);

test.serial("nothing stays after Ctrl-C", async (t) => {
  t.timeout(600_000);
  t.is(await whilePeopleCome((run) => run.kill("SIGINT")), 130);
  t.deepEqual(await traces(), []);
});

test.serial("after kill -9 the next one clears first", async (t) => {
  t.timeout(600_000);
  await whilePeopleCome((run) => run.kill("SIGKILL"));
  t.not((await traces()).length, 0);
  const { code, stdout } = await swarmhub("rehearse", "--clear");
  t.is(code, 0);
  t.log(stdout);
  t.deepEqual(await traces(), []);
});

test.serial(
  "while somebody works there is no rehearsal, unless it is wanted, and their server is left alone",
  async (t) => {
    t.timeout(600_000);
    const ada = await logIn("ada");
    t.true((await ada.start()).ready);
    const refused = await swarmhub("rehearse", "--people", "1", "--at-once");
    t.is(refused.code, 2);
    t.regex(refused.stderr, /1 person of the class works at this moment: ada/);
    const argv = ["--people", "1", "--at-once", "--minutes", "1", "--beside-people"];
    t.is((await swarmhub("rehearse", ...argv)).code, 0);
    t.is(await ada.statusOf("/user/ada/api"), 200);
    await ada.close();
  },
);
