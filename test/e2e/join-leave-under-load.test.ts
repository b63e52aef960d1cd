import { appendFile, readFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import test, { type ExecutionContext } from "ava";
import { waitUntil } from "../../src/wait.js";
import { classIn, pollServer } from "./support/class.js";
import { workshop } from "./support/lab.js";
import type { User } from "./support/user.js";
import { changeTo, warmClass } from "./support/warm-class.js";

// Ten users work on one worker while machines join and leave again. Each test continues from the previous one.
const lab = await warmClass("e2e-crowd", { machines: 2, guests: 4, memory: 2304 });
const yaml = `name: warm
manager: node1
workers:
  - node2
storage: {device: /dev/ubdb, quota: 30M}
login: {shared-password: from-env ROOM_PASSWORD}
servers: {image: "${lab.image}", memory: 150M, cpu: 1}
engine: {registry-mirrors: ["http://${lab.registry}"]}
`;
const shop = await workshop(lab, yaml);
const { swarmhub, start, folder } = shop;
const { logIn, nodeOf, hashes, nodes } = classIn(lab);

const names = Array.from({ length: 10 }, (_, index) => `pupil${index + 1}`);
const restarted = names.slice(6);
/** The users with restarted servers, by node; the first user on each node is idle from then on. */
const restartedOn = new Map<string, string[]>([
  ["node3", []],
  ["node4", []],
]);
const namesOn = (node: string): string[] => restartedOn.get(node) ?? [];
const isIdle = (name: string): boolean =>
  [...restartedOn.values()].some(([first]) => first === name);
const users = new Map<string, User>();
let before = "";

const userOf = (name: string): User => {
  const user = users.get(name);
  if (user === undefined) throw new Error(`${name} is not logged in`);
  return user;
};

/** Starts a counter in each server on a guest: it appends the next number to a log in the home each second. */
const startCounters = (guest: number, first = ""): Promise<string> =>
  lab.on(
    guest,
    `for each in $(docker ps -q -f label=swarmhub.user); do
       ${first}
       docker exec -d $each sh -c 'n=$(cat log 2>/dev/null | wc -l); while n=$((n + 1)); do echo $n >>log; sleep 1; done'
     done`,
  );

/** Polls the servers of these users once a second. */
const pollAll = async (t: ExecutionContext, polledNames: readonly string[]) => {
  const polls = await Promise.all(
    polledNames.map(async (name) => ({
      name,
      stop: await pollServer(t, userOf(name), name, 1000),
    })),
  );
  return {
    stop: async (some: readonly string[]): Promise<void> => {
      const stopped = polls.filter(({ name }) => some.includes(name));
      await Promise.all(stopped.map(({ stop }) => stop()));
    },
    /** Stops all polls, and checks that no request of the users whose servers did not move has failed. */
    check: async (unmoved: readonly string[]): Promise<void> => {
      const results = await Promise.all(
        polls.map(async ({ name, stop }) => ({ name, ...(await stop()) })),
      );
      const checked = results.filter(({ name }) => unmoved.includes(name));
      const requests = checked.reduce((sum, result) => sum + result.requests, 0);
      t.log(
        `${requests} requests of ${checked.length} users, the slowest ${Math.max(...checked.map(({ slowest }) => slowest))} ms`,
      );
      t.deepEqual(
        checked.flatMap(({ name, failures }) => failures.map((text) => `${name}: ${text}`)),
        [],
      );
    },
  };
};

/** Starts `leave` in the background; it ends with the test at the latest. */
const startLeave = (t: ExecutionContext, ...options: string[]) => {
  const started = performance.now();
  const output: string[] = [];
  const run = start("--json", "leave", ...options, "--yes");
  t.teardown(() => void run.kill());
  run.stderr.on("data", (data) => void output.push(String(data)));
  createInterface(run.stdout).on("line", (line) => output.push(line));
  let isOver = false;
  const ended = new Promise<number | null>((resolve) => {
    run.once("close", (code) => {
      isOver = true;
      resolve(code);
    });
  });
  return {
    ended,
    output: () => output.join("\n"),
    isOver: () => isOver,
    seconds: () => Math.round((performance.now() - started) / 1000),
  };
};

/** Waits until a user's server runs on another node. */
const waitUntilMoved = (name: string, from: string): Promise<true> =>
  waitUntil(async () => ((await nodeOf(name)) === from ? undefined : true), {
    deadline: 240_000,
    every: 1000,
    otherwise: () => new Error(`${name} is still on ${from}`),
  });

/** Sets the clock of the hub ten minutes ahead, after which a server counts as idle; working users are active again at once. */
const advanceClock = async (): Promise<void> => {
  await lab.on(1, "date -s '+10 minutes 30 seconds'");
};

test.before(() => changeTo(shop));

test.after.always(async () => {
  await Promise.all([...users.values()].map((user) => user.close()));
  await lab.lab("down");
});

test.serial("ten users work on one worker", async (t) => {
  await Promise.all(names.map(async (name) => users.set(name, await logIn(name))));
  const starts = await Promise.all(names.map((name) => userOf(name).start()));
  for (const { ready, output } of starts) t.true(ready, output);
  t.log(`ten servers after ${Math.max(...starts.map(({ ms }) => ms))} ms`);
  const work = "head -c 300000 /dev/urandom >work.bin && sync work.bin";
  await startCounters(2, `docker exec $each sh -c '${work}'`);
  before = await hashes("log");
  t.is(before.match(/work\.bin/g)?.length, 10);
});

test.serial("two machines join at once, and running servers are not affected", async (t) => {
  const containers = await lab.on(2, "docker ps -q -f label=swarmhub.user | sort");
  // A name without a machine.
  await appendFile(join(folder, "hosts"), `${lab.address(9)} node9\n`);
  const polls = await pollAll(t, names);
  const joining = await swarmhub("join", "node3", "node4", "node9", "--wait", "10s");
  await polls.check(names);
  t.log(`join took ${Math.round(joining.ms / 1000)} s\n${joining.stderr}`);
  t.is(joining.code, 5, joining.stderr);
  t.regex(joining.stderr, /1 of 3 machines did not join:\n *node9: /);
  const [, now = "", earlier = ""] =
    /node3, node4 joined warm: [^]*?(\d+) seats now, (\d+) before/.exec(joining.stderr) ?? [];
  t.true(Number(now) > Number(earlier), `${now} seats after ${earlier}`);
  t.is(await lab.on(2, "docker ps -q -f label=swarmhub.user | sort"), containers);
  const text = await readFile(join(folder, "swarmhub.yaml"), "utf8");
  t.is(text, yaml.replace("  - node2\n", "  - node2\n  - node3\n  - node4\n"));
});

test.serial("restarted servers can run on the new machines", async (t) => {
  await lab.on(1, "docker node update --availability pause node2");
  await Promise.all(
    restarted.map(async (name) => {
      await userOf(name).stop();
      const { ready, output } = await userOf(name).start();
      t.true(ready, output);
      namesOn(await nodeOf(name)).push(name);
    }),
  );
  await lab.on(1, "docker node update --availability active node2");
  t.deepEqual([namesOn("node3").length, namesOn("node4").length], [2, 2]);
  for (const guest of [3, 4]) await startCounters(guest);
});

test.serial("leave moves idle servers first, and busy ones after the grace period", async (t) => {
  const [idle = "", busy = ""] = namesOn("node4");
  const polls = await pollAll(
    t,
    names.filter((name) => !isIdle(name)),
  );
  await advanceClock();
  const run = startLeave(t, "node4", "--grace", "2m");
  await waitUntilMoved(idle, "node4");
  const first = run.seconds();
  t.is(await nodeOf(busy), "node4");
  await waitUntilMoved(busy, "node4");
  const second = run.seconds();
  t.is(await run.ended, 0, run.output());
  t.log(
    `the idle server moved after ${first} s, the busy one after ${second} s; left after ${run.seconds()} s`,
  );
  await polls.check(names.filter((name) => !isIdle(name) && name !== busy));
  t.true(second >= 120);
  t.regex(run.output(), new RegExp(`waiting for ${busy}, \\d+ s at most`));
  t.true(run.output().includes(`"moved":[{"user":"${idle}"},{"user":"${busy}"}]`), run.output());
  t.deepEqual(await nodes(), ["node1 Ready Active", "node2 Ready Active", "node3 Ready Active"]);
  t.is(await hashes("log"), before);
});

test.serial("leave --when-idle waits for busy servers without a time limit", async (t) => {
  const [idle = ""] = namesOn("node3");
  const others = names.filter((name) => name !== idle);
  // Servers from node4 may be there too: they started a moment ago, which counts as activity.
  const nodesOfOthers = await Promise.all(others.map(nodeOf));
  const busy = others.filter((_, index) => nodesOfOthers[index] === "node3");
  t.true(busy.length > 0);
  const polls = await pollAll(t, others);
  const run = startLeave(t, "node3", "--when-idle");
  await waitUntilMoved(idle, "node3");
  const first = run.seconds();
  const length = run.output().length;
  await waitUntil(
    async () =>
      /waiting for pupil[^]*waiting for pupil/.test(run.output().slice(length)) ? true : undefined,
    { deadline: 60_000, otherwise: () => new Error(`leave waits for no server: ${run.output()}`) },
  );
  t.false(run.isOver());
  for (const name of busy) t.is(await nodeOf(name), "node3");
  await polls.stop(busy);
  await advanceClock();
  const stopped = run.seconds();
  t.is(await run.ended, 0, run.output());
  t.log(
    `the idle server moved after ${first} s; the others were busy until ${stopped} s; left after ${run.seconds()} s`,
  );
  await polls.check(others.filter((name) => !busy.includes(name)));
  t.deepEqual([...new Set(await Promise.all(names.map(nodeOf)))], ["node2"]);
  t.deepEqual(await nodes(), ["node1 Ready Active", "node2 Ready Active"]);
  t.is(await readFile(join(folder, "swarmhub.yaml"), "utf8"), yaml);
  t.is((await swarmhub("status")).code, 0);
});

test.serial("no user lost data", async (t) => {
  t.is(await hashes("log"), before);
  const gaps = await lab.on(
    1,
    `cd /srv/swarmhub/homes && awk 'FNR == 1 { files += 1 } $0 != FNR { bad += 1; print FILENAME, FNR, $0 } END { print files, bad + 0 }' */log`,
  );
  t.is(gaps, "10 0\n", "each log has a number for each second in which its server ran, in order");
});
