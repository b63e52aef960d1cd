import { setTimeout as pause } from "node:timers/promises";
import test from "ava";
import { waitUntil } from "../../src/wait.js";
import { classIn } from "./support/class.js";
import { workshop } from "./support/lab.js";
import type { User } from "./support/user.js";
import { changeTo, warmClass } from "./support/warm-class.js";

// A class with one seat on its worker, which then fails in the ways in which machines fail. The manager also accepts users from
// the second test on, and needs room for a server beside the 1.25 GB that are reserved there.
const lab = await warmClass("e2e-worker", { machines: 2, memory: 2304 });
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
const { swarmhub } = shop;
const { logIn, nodeOf, nodes, containerOf, waitUntilDown, waitUntilQueued } = classIn(lab);
let alice: User;
const users: User[] = [];

test.before(async () => {
  await changeTo(shop);
  alice = await logInUntilEnd("alice");
});

test.after.always(async () => {
  await Promise.all(users.map((user) => user.close()));
  await lab.lab("down");
});

test.serial(
  "a user of a full class reads the position in the queue, and gets a server when a seat is free",
  async (t) => {
    t.true((await alice.start()).ready);
    const bob = await logInUntilEnd("bob");
    const started = performance.now();
    const starting = bob.start();
    await waitUntilQueued("bob");
    const waited = since(started);
    await alice.stop();
    const stopped = performance.now();
    const { ready, output } = await starting;
    t.log(
      `in the queue after ${waited} s; ready ${since(stopped)} s after the seat was free\n${output}`,
    );
    t.true(ready, output);
    t.regex(
      output,
      /All seats are taken. You are next in the queue. Your server starts automatically/,
    );
    await bob.stop();
  },
);

test.serial(
  "a server runs again after a restart of its worker's Docker and after a reboot, but not after its user's own end",
  async (t) => {
    t.true((await alice.start()).ready);
    await inServer(2, "echo mine >marker");
    const service = await onManager("docker service ls -q -f label=swarmhub.user=alice");
    for (const [what, end] of [
      ["a restart of Docker", () => lab.on(2, "systemctl restart docker")],
      ["a reboot", () => lab.lab("shut-down", "2").then(() => lab.lab("boot", "2"))],
    ] as const) {
      await alice.readPage("/user/alice/lab"); // which also logs in at the server
      const kernel = await alice.request("POST", "/user/alice/api/kernels", {});
      t.is(kernel.status, 201, kernel.body);
      const ended = performance.now();
      await end();
      const back = since(ended);
      // Not the server that ran before: it had a kernel.
      await waitFor(`alice's server after ${what}`, async () => (await kernels()) === "[]");
      t.log(`after ${what} of ${back} s it ran again ${since(ended)} s after its begin`);
      t.is(await inServer(2, "cat marker"), "mine\n");
      t.is(await onManager("docker service ls -q -f label=swarmhub.user=alice"), service);
      await waitFor("the message for alice", async () =>
        /had to be restarted/.test(await alice.readPage("/hub/home")),
      );
    }
    const shutdown = await alice.request("POST", "/user/alice/api/shutdown");
    t.is(shutdown.status, 200, shutdown.body);
    await waitFor(
      "the end of alice's server",
      async () => (await onManager("docker service ls -q -f label=swarmhub.user=alice")) === "",
    );
    t.false(await isUp());
  },
);

test.serial("a worker that is away for 40 s keeps its users' servers", async (t) => {
  t.true((await alice.start()).ready);
  const container = await containerOf("alice");
  const attempts = () => onManager("docker service ps -q warm-nb-alice | wc -l");
  t.is(await attempts(), "1");
  t.teardown(() => lab.lab("mend", "2"));
  await lab.lab("cut", "2");
  await pause(40_000);
  await lab.lab("mend", "2");
  t.true((await nodes()).includes("node2 Ready Active"), (await nodes()).join("\n"));
  t.is(await attempts(), "1");
  t.is(await containerOf("alice"), container);
  await waitFor("alice's server through the edge", isUp);
  await alice.stop();
});

test.serial(
  "after a power cut of its worker a server restarts on another machine, with the same home",
  async (t) => {
    t.true((await alice.start()).ready);
    await inServer(2, "echo mine >marker; sync");
    await onManager(
      "docker node update --label-add swarmhub.users=true $(docker node ls -q -f role=manager)",
    );
    await onManager(
      `docker pull -q ${await onManager("docker service inspect -f '{{.Spec.TaskTemplate.ContainerSpec.Image}}' warm-nb-alice")}`,
    );
    const killed = performance.now();
    await lab.lab("kill", "2");
    await waitUntilDown("node2");
    const detected = performance.now();
    await waitFor(
      "alice's server on the manager",
      async () => (await isUp()) && (await serversOn(1)) === 1,
    );
    t.log(`detected after ${since(killed)} s, running again ${since(detected)} s later`);
    t.true(performance.now() - detected < 60_000);
    t.is(await inServer(1, "cat marker"), "mine\n");
    await waitFor("the message for alice", async () =>
      /had to be restarted/.test(await alice.readPage("/hub/home")),
    );
  },
);

test.serial(
  "commands that read need no worker that is down, show it, and name the command that removes it",
  async (t) => {
    for (const [words, code] of [
      ["status", 6],
      ["plan", 5],
      ["check", 3],
      ["open", 0],
      ["tls", 0],
      ["quota ls", 0],
      ["homes ls", 0],
      ["logs hub", 0],
      ["room --once", 0],
    ] as const) {
      const { code: seen, stdout, stderr } = await swarmhub(...words.split(" "));
      const said = `${words}: ${seen}\n${stdout}\n${stderr}`;
      t.log(said);
      t.is(seen, code, said);
      if (code === 0) continue;
      const text = `${stdout} ${stderr}`.replaceAll(/\s+/g, " ");
      t.regex(text, /node2.* cannot be reached/, said);
      t.regex(text, /`swarmhub leave --gone node2`/, said);
    }
  },
);

test.serial("the worker boots again without users' servers", async (t) => {
  await lab.lab("boot", "2");
  await waitFor(
    "node2 is no longer down",
    async () => !/ Down/.test(await onManager("docker node ls")),
  );
  await waitFor("no server on node2", async () => (await serversOn(2)) === 0);
  t.is(await serversOn(1), 1);
  t.true(await isUp());
});

test.serial(
  "the old server on a disconnected worker can no longer write into a home that a new server uses",
  async (t) => {
    await onManager("docker node update --availability pause $(docker node ls -q -f role=manager)");
    await alice.stop();
    t.true((await alice.start()).ready);
    await onManager(
      "docker node update --availability active $(docker node ls -q -f role=manager)",
    );
    t.is(await serversOn(2), 1);
    // One loop opens the file for each write, the other one keeps it open.
    await inServer(
      2,
      "rm -f log; (while sleep 0.2; do echo old >>log; done) >/dev/null 2>&1 & (while sleep 0.2; do echo held; done) >>log 2>/dev/null &",
    );
    await lab.lab("cut", "2");
    await waitFor(
      "alice's server on the manager",
      async () => (await isUp()) && (await serversOn(1)) === 1,
    );
    t.is(await onManager("ls /srv/swarmhub/fenced"), lab.address(2));
    t.false((await onManager("exportfs -s")).includes(`${lab.address(2)}(`));
    await inServer(1, "echo new >>log; sync");
    await lab.lab("mend", "2");
    const reconnected = performance.now();
    await waitFor("the old server has ended", async () => (await serversOn(2)) === 0);
    const both = since(reconnected);
    await waitFor("node2 accepts servers again", async () =>
      (await nodes()).includes("node2 Ready Active"),
    );
    t.log(
      `both servers ran for ${both} s after the reconnection; node2 accepts servers after ${since(reconnected)} s`,
    );
    t.is(await onManager("ls /srv/swarmhub/fenced"), "");
    t.is(await inServer(1, "sed -n '/new/,$p' log"), "new\n");
    t.is(await serversOn(1), 1);
    t.true(await isUp());
  },
);

test.serial("a server on the reconnected worker has its home", async (t) => {
  const bob = await logInUntilEnd("bob");
  const { ready, output } = await bob.start();
  t.true(ready, output);
  t.is(await nodeOf("bob"), "node2");
  await lab.on(
    2,
    "docker exec $(docker ps -q -f label=swarmhub.user=bob) sh -c 'echo mine >marker; sync'",
  );
  t.is(await onManager("cat /srv/swarmhub/homes/bob/marker"), "mine");
});

test.serial(
  "`down` goes on without a worker that is down, and again when it is back",
  async (t) => {
    await lab.lab("kill", "2");
    const without = await swarmhub("down", "--yes");
    t.log(without.stderr);
    t.is(without.code, 0, without.stderr);
    t.regex(without.stderr, /node2 still has its part of the class/);
    t.is(await onManager("docker info -f '{{.Swarm.LocalNodeState}}'"), "inactive");
    await lab.lab("boot", "2");
    const { code, stderr } = await swarmhub("down", "--yes");
    t.is(code, 0, stderr);
    t.is(
      await lab.on(2, "ls -d /etc/swarmhub /etc/systemd/system/swarmhub* 2>/dev/null || true"),
      "",
    );
  },
);

/** Logs a user in, whose client is closed after all tests. */
const logInUntilEnd = async (name: string): Promise<User> => {
  const user = await logIn(name);
  users.push(user);
  return user;
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

/** The kernels of alice's server; another text if it does not answer. */
const kernels = async (): Promise<string> => {
  if (!(await isUp())) return "";
  await alice.readPage("/user/alice/lab");
  return (await alice.request("GET", "/user/alice/api/kernels")).body.trim();
};

/** Whether alice's server answers through the edge. */
const isUp = async (): Promise<boolean> => (await alice.statusOf("/user/alice/api")) === 200;

const waitFor = async (description: string, condition: () => Promise<boolean>): Promise<void> => {
  const otherwise = async () =>
    new Error(
      `not in time: ${description}\n${await onManager("docker node ls; docker service ls").catch(String)}\n${await tasks().catch(String)}`,
    );
  await waitUntil(async () => ((await condition()) ? true : undefined), {
    deadline: 180_000,
    every: 1000,
    otherwise,
  });
};

const since = (time: number): string => ((performance.now() - time) / 1000).toFixed(1);
