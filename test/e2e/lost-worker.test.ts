import test from "ava";
import { waitUntil } from "../../src/wait.js";
import { classIn } from "./support/class.js";
import { workshop } from "./support/lab.js";
import type { Person } from "./support/user.js";
import { changeTo, warmClass } from "./support/warm-class.js";

// A class with one seat on its worker, which then is lost in each of the ways in which machines are; the manager takes users
// too from the third test on.
const lab = await warmClass("e2e-worker", { machines: 2, memory: 1792 });
const shop = await workshop(
  lab,
  `name: warm
manager: node1
workers: [node2]
storage: {device: /dev/ubdb, quota: 100M}
login: {shared-password: from-env ROOM_PASSWORD}
servers: {image: "${lab.image}", memory: 900M, cpu: 1}
engine: {registry-mirrors: ["http://${lab.registry}"]}
`,
);
const { arrive, goesDown, nodeOf, nodes, waitsInLine } = classIn(lab);
let alice: Person;
const people: Person[] = [];

test.before(async () => {
  await changeTo(shop);
  alice = await enter("alice");
});

test.after.always(async () => {
  await Promise.all(people.map((person) => person.leave()));
  await lab.lab("down");
});

test.serial(
  "a person in a full class is told their place, and starts when a seat is free",
  async (t) => {
    t.true((await alice.start()).ready);
    const bob = await enter("bob");
    const begun = performance.now();
    const starting = bob.start();
    await waitsInLine("bob");
    const waited = since(begun);
    await alice.stop();
    const stopped = performance.now();
    const { ready, told } = await starting;
    t.log(`pending after ${waited} s; ready ${since(stopped)} s after the seat was free\n${told}`);
    t.true(ready, told);
    t.regex(
      told,
      /All seats are taken. You are next in the queue. Your server starts automatically/,
    );
    await bob.stop();
  },
);

test.serial(
  "a server whose worker's plug is pulled starts again elsewhere, its home as it was",
  async (t) => {
    t.true((await alice.start()).ready);
    await inServer(2, "echo mine >marker; sync");
    await onManager(
      "docker node update --label-add swarmhub.users=true $(docker node ls -q -f role=manager)",
    );
    await onManager(
      `docker pull -q ${await onManager("docker service inspect -f '{{.Spec.TaskTemplate.ContainerSpec.Image}}' nb-alice")}`,
    );
    const begun = performance.now();
    await lab.lab("kill", "2");
    await goesDown("node2");
    const noticed = performance.now();
    await seen(
      "alice's server on the manager",
      async () => (await isUp()) && (await serversOn(1)) === 1,
    );
    t.log(`noticed after ${since(begun)} s, up again ${since(noticed)} s later`);
    t.true(performance.now() - noticed < 60_000);
    t.is(await inServer(1, "cat marker"), "mine\n");
    await seen("what alice is told", async () =>
      /had to be restarted/.test(await alice.read("/hub/home")),
    );
  },
);

test.serial("the worker boots again with nobody's server on it", async (t) => {
  await lab.lab("boot", "2");
  await seen("node2 is back", async () => !/ Down/.test(await onManager("docker node ls")));
  await seen("no server there", async () => (await serversOn(2)) === 0);
  t.is(await serversOn(1), 1);
  t.true(await isUp());
});

test.serial(
  "a server on a worker that was cut off writes no more into a home in which another is at work",
  async (t) => {
    await onManager("docker node update --availability pause $(docker node ls -q -f role=manager)");
    await alice.stop();
    t.true((await alice.start()).ready);
    await onManager(
      "docker node update --availability active $(docker node ls -q -f role=manager)",
    );
    t.is(await serversOn(2), 1);
    // One that keeps the file open, and one that opens it each time.
    await inServer(
      2,
      "rm -f log; (while sleep 0.2; do echo old >>log; done) >/dev/null 2>&1 & (while sleep 0.2; do echo held; done) >>log 2>/dev/null &",
    );
    await lab.lab("cut", "2");
    await seen(
      "alice's server on the manager",
      async () => (await isUp()) && (await serversOn(1)) === 1,
    );
    t.is(await onManager("ls /srv/swarmhub/fenced"), lab.address(2));
    t.false((await onManager("exportfs -s")).includes(`${lab.address(2)}(`));
    await inServer(1, "echo new >>log; sync");
    await lab.lab("mend", "2");
    const mended = performance.now();
    await seen("the old server has ended", async () => (await serversOn(2)) === 0);
    const both = since(mended);
    await seen("node2 may have servers again", async () =>
      (await nodes()).includes("node2 Ready Active"),
    );
    t.log(`both ran for ${both} s after the cable was back; let in again after ${since(mended)} s`);
    t.is(await onManager("ls /srv/swarmhub/fenced"), "");
    t.is(await inServer(1, "sed -n '/new/,$p' log"), "new\n");
    t.is(await serversOn(1), 1);
    t.true(await isUp());
  },
);

test.serial("whoever starts on that worker has their home there", async (t) => {
  const bob = await enter("bob");
  const { ready, told } = await bob.start();
  t.true(ready, told);
  t.is(await nodeOf("bob"), "node2");
  await lab.on(
    2,
    "docker exec $(docker ps -q -f label=swarmhub.user=bob) sh -c 'echo mine >marker; sync'",
  );
  t.is(await onManager("cat /srv/swarmhub/homes/bob/marker"), "mine");
});

/** Logs a person in, who leaves at the end. */
const enter = async (user: string): Promise<Person> => {
  const person = await arrive(user);
  people.push(person);
  return person;
};

const onManager = async (script: string): Promise<string> => (await lab.on(1, script)).trim();

const tasks = (): Promise<string> =>
  onManager(
    "for s in $(docker service ls -q -f label=swarmhub.user); do docker service ps --no-trunc --format '{{.Name}} {{.Error}}' $s; done | sed 's/\\.1//'",
  );

const inServer = (guest: number, script: string): Promise<string> =>
  lab.on(
    guest,
    `docker exec -w /home/jovyan $(docker ps -q -f label=swarmhub.user=alice) sh -c '${script.replaceAll("'", `'\\''`)}'`,
  );

const serversOn = async (guest: number): Promise<number> =>
  Number(await lab.on(guest, "docker ps -q -f label=swarmhub.user | wc -l").catch(() => "-1"));

/** The person's server answers behind the front door. */
const isUp = async (): Promise<boolean> => (await alice.status("/user/alice/api")) === 200;

const seen = async (what: string, look: () => Promise<boolean>): Promise<void> => {
  const otherwise = async () =>
    new Error(
      `${what}: not seen\n${await onManager("docker node ls; docker service ls").catch(String)}\n${await tasks().catch(String)}`,
    );
  await waitUntil(async () => ((await look()) ? true : undefined), {
    deadline: 180_000,
    every: 1000,
    otherwise,
  });
};

const since = (begun: number): string => ((performance.now() - begun) / 1000).toFixed(1);
