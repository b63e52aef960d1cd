import { appendFile, readFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import test, { type ExecutionContext } from "ava";
import { waitUntil } from "../../src/wait.js";
import { classIn, watch } from "./support/class.js";
import { workshop } from "./support/lab.js";
import type { Person } from "./support/user.js";
import { changeTo, warmClass } from "./support/warm-class.js";

// Ten people at work on one worker while the class grows to four machines and shrinks again: each test goes on from the one before.
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
const { arrive, nodeOf, hashes, nodes } = classIn(lab);

const users = Array.from({ length: 10 }, (_, index) => `pupil${index + 1}`);
const restarted = users.slice(6);
/** Of those who start anew, by machine; the first on each does nothing from then on. */
const on = new Map<string, string[]>([
  ["node3", []],
  ["node4", []],
]);
const at = (node: string): string[] => on.get(node) ?? [];
const isQuiet = (user: string): boolean => [...on.values()].some(([first]) => first === user);
const people = new Map<string, Person>();
let before = "";

const person = (user: string): Person => {
  const found = people.get(user);
  if (found === undefined) throw new Error(`${user} is not here`);
  return found;
};

/** From now on each server there that is asked for counts in its home, a line each second, on from what is there. */
const write = (guest: number, first = ""): Promise<string> =>
  lab.on(
    guest,
    `for each in $(docker ps -q -f label=swarmhub.user); do
       ${first}
       docker exec -d $each sh -c 'n=$(cat log 2>/dev/null | wc -l); while n=$((n + 1)); do echo $n >>log; sleep 1; done'
     done`,
  );

/** Asks these people's servers once a second; at the end nobody may have noticed anything. */
const watchAll = async (t: ExecutionContext, who: readonly string[]) => {
  const watched = await Promise.all(
    who.map(async (user) => ({ user, stop: await watch(person(user), user, 1000) })),
  );
  return {
    stop: async (some: readonly string[]): Promise<void> => {
      const theirs = watched.filter(({ user }) => some.includes(user));
      await Promise.all(theirs.map(({ stop }) => stop()));
    },
    all: async (unmoved: readonly string[]): Promise<void> => {
      const seen = await Promise.all(
        watched.map(async ({ user, stop }) => ({ user, ...(await stop()) })),
      );
      const calm = seen.filter(({ user }) => unmoved.includes(user));
      const asked = calm.reduce((sum, each) => sum + each.asked, 0);
      t.log(
        `${calm.length} people asked ${asked} times; the slowest answer ${Math.max(...calm.map(({ slowest }) => slowest))} ms`,
      );
      t.deepEqual(
        calm.flatMap(({ user, failures }) => failures.map((text) => `${user}: ${text}`)),
        [],
      );
    },
  };
};

/** `leave` in the background: what it said so far, and its end. */
const leaving = (...words: string[]) => {
  const begun = performance.now();
  const said: string[] = [];
  const run = start("--json", "leave", ...words, "--yes");
  run.stderr.on("data", (data) => void said.push(String(data)));
  createInterface(run.stdout).on("line", (line) => said.push(line));
  let isOver = false;
  const ended = new Promise<number | null>((resolve) => {
    run.once("close", (code) => {
      isOver = true;
      resolve(code);
    });
  });
  return {
    ended,
    text: () => said.join("\n"),
    isOver: () => isOver,
    since: () => Math.round((performance.now() - begun) / 1000),
  };
};

/** Waits until somebody's server runs on another machine than this. */
const hasMoved = (user: string, from: string): Promise<true> =>
  waitUntil(async () => ((await nodeOf(user)) === from ? undefined : true), {
    deadline: 240_000,
    every: 1000,
    otherwise: () => new Error(`${user} is still on ${from}`),
  });

/** What is idle is so for ten minutes: the hub's clock goes on by that much, and who is at work is seen at once again. */
const tenMinutesLater = async (): Promise<void> => {
  await lab.on(1, "date -s '+10 minutes 30 seconds'");
};

test.before(() => changeTo(shop));

test.after.always(async () => {
  await Promise.all([...people.values()].map((each) => each.leave()));
  await lab.lab("down");
});

test.serial("ten people at work on one worker", async (t) => {
  await Promise.all(users.map(async (user) => people.set(user, await arrive(user))));
  const starts = await Promise.all(users.map((user) => person(user).start()));
  for (const { ready, told } of starts) t.true(ready, told);
  t.log(`ten servers after ${Math.max(...starts.map(({ ms }) => ms))} ms`);
  const work = "head -c 300000 /dev/urandom >work.bin && sync work.bin";
  await write(2, `docker exec $each sh -c '${work}'`);
  before = await hashes("log");
  t.is(before.match(/work\.bin/g)?.length, 10);
});

test.serial("the class grows by two machines at once, and nobody notices", async (t) => {
  const containers = await lab.on(2, "docker ps -q -f label=swarmhub.user | sort");
  // A name that leads to no machine.
  await appendFile(join(folder, "hosts"), `${lab.address(9)} node9\n`);
  const watched = await watchAll(t, users);
  const joining = await swarmhub("join", "node3", "node4", "node9", "--wait", "10s");
  await watched.all(users);
  t.log(`join took ${Math.round(joining.ms / 1000)} s\n${joining.stderr}`);
  t.is(joining.code, 5, joining.stderr);
  t.regex(joining.stderr, /1 of 3 machines stayed out:\n *node9: /);
  const [, now = "", earlier = ""] =
    /node3, node4 joined warm: [^]*?(\d+) seats now, (\d+) before/.exec(joining.stderr) ?? [];
  t.true(Number(now) > Number(earlier), `${now} seats after ${earlier}`);
  t.is(await lab.on(2, "docker ps -q -f label=swarmhub.user | sort"), containers);
  const text = await readFile(join(folder, "swarmhub.yaml"), "utf8");
  t.is(text, yaml.replace("  - node2\n", "  - node2\n  - node3\n  - node4\n"));
});

test.serial("who starts anew may sit on a new machine", async (t) => {
  await lab.on(1, "docker node update --availability pause node2");
  await Promise.all(
    restarted.map(async (user) => {
      await person(user).stop();
      const { ready, told } = await person(user).start();
      t.true(ready, told);
      at(await nodeOf(user)).push(user);
    }),
  );
  await lab.on(1, "docker node update --availability active node2");
  t.deepEqual([at("node3").length, at("node4").length], [2, 2]);
  for (const guest of [3, 4]) await write(guest);
});

test.serial(
  "leave lets who is idle go first, and moves who is at work after the grace",
  async (t) => {
    const [idle = "", busy = ""] = at("node4");
    const watched = await watchAll(
      t,
      users.filter((user) => !isQuiet(user)),
    );
    await tenMinutesLater();
    const run = leaving("node4", "--grace", "2m");
    await hasMoved(idle, "node4");
    const first = run.since();
    t.is(await nodeOf(busy), "node4");
    await hasMoved(busy, "node4");
    const second = run.since();
    t.is(await run.ended, 0, run.text());
    t.log(`idle: moved after ${first} s; at work: after ${second} s; left after ${run.since()} s`);
    await watched.all(users.filter((user) => !isQuiet(user) && user !== busy));
    t.true(second >= 120);
    t.regex(run.text(), new RegExp(`waiting for ${busy}, \\d+ s at most`));
    t.true(run.text().includes(`"moved":[{"user":"${idle}"},{"user":"${busy}"}]`), run.text());
    t.deepEqual(await nodes(), ["node1 Ready Active", "node2 Ready Active", "node3 Ready Active"]);
    t.is(await hashes("log"), before);
  },
);

test.serial("leave --when-idle waits for who is at work, however long that takes", async (t) => {
  const [idle = ""] = at("node3");
  const others = users.filter((user) => user !== idle);
  // Those who came from node4 may be here too: they started a moment ago, and that counts as work.
  const places = await Promise.all(others.map(nodeOf));
  const atWork = others.filter((_, index) => places[index] === "node3");
  t.true(atWork.length > 0);
  const watched = await watchAll(t, others);
  const run = leaving("node3", "--when-idle");
  await hasMoved(idle, "node3");
  const first = run.since();
  const seen = run.text().length;
  await waitUntil(
    async () =>
      /waiting for pupil[^]*waiting for pupil/.test(run.text().slice(seen)) ? true : undefined,
    { deadline: 60_000, otherwise: () => new Error(`nobody is waited for: ${run.text()}`) },
  );
  t.false(run.isOver());
  for (const user of atWork) t.is(await nodeOf(user), "node3");
  await watched.stop(atWork);
  await tenMinutesLater();
  const stopped = run.since();
  t.is(await run.ended, 0, run.text());
  t.log(
    `idle: moved after ${first} s; the others worked until ${stopped} s; left after ${run.since()} s`,
  );
  await watched.all(others.filter((user) => !atWork.includes(user)));
  t.deepEqual([...new Set(await Promise.all(users.map(nodeOf)))], ["node2"]);
  t.deepEqual(await nodes(), ["node1 Ready Active", "node2 Ready Active"]);
  t.is(await readFile(join(folder, "swarmhub.yaml"), "utf8"), yaml);
  t.is((await swarmhub("status")).code, 0);
});

test.serial("nobody lost a byte", async (t) => {
  t.is(await hashes("log"), before);
  const gaps = await lab.on(
    1,
    `cd /srv/swarmhub/homes && awk 'FNR == 1 { files += 1 } $0 != FNR { bad += 1; print FILENAME, FNR, $0 } END { print files, bad + 0 }' */log`,
  );
  t.is(gaps, "10 0\n", "each second that a server ran is in its home, and in its place");
});
