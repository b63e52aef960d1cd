import { setTimeout as pause } from "node:timers/promises";
import test, { type ExecutionContext } from "ava";
import { units } from "../../src/names.js";
import { waitUntil } from "../../src/wait.js";
import { percentile } from "../bench/figure.js";
import { simulateLogin } from "../bench/simulated-student.js";
import { openBrowser, openJupyterLab } from "./support/browser.js";
import { classIn } from "./support/class.js";
import { roomPassword, workshop } from "./support/lab.js";
import { probe, works } from "./support/probe.js";
import { buildUserImages } from "./support/user-image.js";
import { changeTo, warmClass } from "./support/warm-class.js";

// A class of thirty begins at once, with an image like those of docker-stacks, whose health check ends servers that start slowly.
// Each of the two workers has 15 seats: (3.7 GB - 512 MB for the system) / 200 MB.
const lab = await warmClass("e2e-thirty", { machines: 3, memory: 3800 });
const { stacks } = await buildUserImages(lab, ["stacks"]);
const shop = await workshop(
  lab,
  `name: warm
manager: node1
workers: [node2, node3]
storage: {device: /dev/ubdb, quota: 60M}
login: {shared-password: from-env ROOM_PASSWORD}
servers: {image: "${stacks}", memory: 200M}
engine: {registry-mirrors: ["http://${lab.registry}"]}
`,
);
const { nodeOf } = classIn(lab);
const site = { address: `https://${lab.reachableAddress(1)}`, password: roomPassword };
const students = Array.from({ length: 30 }, (_, index) => `student-${index + 1}`);

type RoomJson = { taken: number; people: { name: string; state: string }[] };

const room = async (): Promise<RoomJson> => {
  const { stdout, stderr } = await shop.swarmhub("room", "--json");
  try {
    return JSON.parse(stdout) as RoomJson;
  } catch {
    throw new Error(`swarmhub room: ${stdout}${stderr}`);
  }
};

test.before(() => changeTo(shop));

test.after.always(() => lab.lab("down"));

const stopAll = async (): Promise<void> => {
  await lab.on(1, "docker service ls -q -f label=swarmhub.user | xargs docker service rm");
  await waitUntil(async () => (await room().catch(() => undefined))?.taken === 0 || undefined, {
    deadline: 300_000,
    every: 2000,
    otherwise: () => new Error("servers still run"),
  });
  for (const guest of [2, 3])
    await waitUntil(
      async () => ((await lab.on(guest, "docker ps -aq -f name=-nb-")) === "" ? true : undefined),
      { deadline: 300_000, every: 2000, otherwise: () => new Error("containers are still there") },
    );
};

/** All log in, spread over `spread` milliseconds; returns how long each waited for an answer of the server, in order (ms). */
const logInAll = async (t: ExecutionContext, what: string, spread = 0): Promise<number[]> => {
  const results = await Promise.all(
    students.map(async (user, index) => {
      await pause((index * spread) / students.length);
      return simulateLogin(site, user, { deadline: 600_000, reloads: 3 });
    }),
  );
  t.deepEqual(
    results.flatMap(({ user, message, failure }) =>
      message === undefined && failure === undefined ? [] : [`${user}: ${message ?? failure}`],
    ),
    [],
  );
  const times = results.map(({ started, answered = Infinity }) => answered - started);
  const [half, most] = [percentile(times, 50), percentile(times, 95)];
  t.log(`${what}: ${half} ms (median), ${most} ms (p95), ${Math.max(...times)} ms (worst)`);
  return times;
};

test.serial("thirty people log in at once and each gets a server", async (t) => {
  await logInAll(t, "cold");
});

test.serial("all of them run at the same time, each in its first container", async (t) => {
  const { taken, people } = await room();
  t.is(taken, students.length);
  t.deepEqual(
    people.filter(({ state }) => state !== "running").map(({ name, state }) => `${name} ${state}`),
    [],
  );
  const failed = await lab.on(
    1,
    "docker service ls -q -f label=swarmhub.user | xargs docker service ps --no-trunc --format '{{.DesiredState}} {{.Name}} {{.CurrentState}} {{.Error}}' | grep -v '^Running ' || true",
  );
  t.is(failed, "");
});

test.serial("on each worker, a server runs a cell and saves a notebook", async (t) => {
  const users = new Map<string, string>();
  for (const user of students) users.set(await nodeOf(user), user);
  t.is(users.size, 2, "the manager has none");
  for (const user of users.values())
    t.deepEqual(await probe(lab, user, "new.ipynb"), { ...works, opened: 404, saved: 201 }, user);
});

test.serial(
  "what reports a machine's servers takes less than 5 % of a core and 10 MB",
  async (t) => {
    const look = async (guest: number) => {
      const text = await lab.on(
        guest,
        `for name in CPUUsageNSec MemoryPeak; do systemctl show -P $name ${units.monitor}; done; docker ps -q | wc -l`,
      );
      const [nanoseconds = NaN, bytes = NaN, containers = NaN] = text
        .trim()
        .split("\n")
        .map(Number);
      return { at: performance.now(), nanoseconds, bytes, containers };
    };
    for (const guest of [1, 2, 3]) {
      const before = await look(guest);
      await pause(60_000);
      const { at, nanoseconds, bytes, containers } = await look(guest);
      const percent = (nanoseconds - before.nanoseconds) / 1e4 / (at - before.at);
      const size = Math.round(bytes / 2 ** 20);
      t.log(`node${guest}, ${containers} containers: ${percent.toFixed(2)} %, at most ${size} MB`);
      // To the guest, the time in which the machine below it did something else is its processor's.
      t.true(percent < 5);
      t.true(size < 10);
    }
  },
);

test.serial("thirty servers that were started before are there at once", async (t) => {
  await stopAll();
  const cold = await logInAll(t, "cold, in homes of before", 10_000);
  await stopAll();
  const { code, stdout, stderr } = await shop.swarmhub("warm");
  t.is(code, 0, stdout + stderr);
  t.regex(stdout, /^30 of 30 ready$/m);
  const warm = await logInAll(t, "warm", 10_000);
  t.true(percentile(warm, 95) < percentile(cold, 50));
  t.true(percentile(warm, 95) <= 3000);
  const [user = ""] = students;
  const browser = await openBrowser(lab);
  t.teardown(() => browser.close());
  const started = performance.now();
  const page = await openJupyterLab(browser, site.address, user, roomPassword);
  await page.locator(".jp-LauncherCard").first().waitFor({ timeout: 120_000 });
  t.log(
    `to the launcher of JupyterLab in a browser: ${Math.round(performance.now() - started)} ms`,
  );
});
