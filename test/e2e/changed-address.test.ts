import test from "ava";
import { changeAddress } from "./support/change-address.js";
import { classIn } from "./support/class.js";
import { workshop } from "./support/lab.js";
import { changeTo, warmClass } from "./support/warm-class.js";

// A class of a manager and a worker. The manager comes back with another address, then the worker. Each test continues from the previous
// one.
const lab = await warmClass("e2e-address", { machines: 2, memory: 1792 });
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
const [former, formerWorker] = [lab.address(1), lab.address(2)];
let now = lab;

test.before(() => changeTo(shop));
test.after.always(() => lab.lab("down"));

/** Every place of ours on a machine, and everything in Docker, that has an address. */
const written = (address: string): string => `
grep -rlF '${address}' /etc/swarmhub /etc/exports.d /etc/systemd/system/swarmhub* /etc/docker/daemon.json /var/lib/docker/swarm/docker-state.json 2>/dev/null
docker volume ls -q | xargs -r docker volume inspect | grep -F '${address}'
docker service ls -q 2>/dev/null | xargs -r docker service inspect | grep -F '${address}'
iptables -S | grep -F '${address}'
exportfs -v 2>/dev/null | grep -F '${address}'
true`;

test.serial("a class works before its manager's address changes", async (t) => {
  const alice = await classIn(lab).logIn("alice");
  t.true((await alice.start()).ready);
  await lab.on(1, "echo mine >/srv/swarmhub/homes/alice/marker");
  t.is((await swarmhub("quota", "set", "alice", "90M")).code, 0);
  await alice.close();
});

test.serial(
  "`status`, `check` and `plan` name the manager's new address and the cure",
  async (t) => {
    now = await changeAddress(lab, 1, 61);
    const words = `its private address was ${former} and is now ${now.address(1)}`;
    const status = await swarmhub("status");
    t.is(status.code, 6, status.stderr);
    t.true(status.stdout.includes(words), status.stdout);
    const check = await swarmhub("check");
    t.true(check.stdout.replace(/\s+/g, " ").includes(words), check.stdout);
    const plan = await swarmhub("plan");
    t.is(plan.code, 0, plan.stderr);
    t.regex(plan.stdout, /swarm +node1: make the Swarm anew/);
  },
);

test.serial("`up` makes the Swarm anew, and homes, users, passwords and limits stay", async (t) => {
  const up = await swarmhub("up", "--yes");
  t.is(up.code, 0, up.stderr);
  t.log(up.stderr);
  t.regex((await swarmhub("up", "--yes")).stderr, /nothing had to change/);
  t.is((await swarmhub("status")).code, 0);
  for (const guest of [1, 2]) t.is(await now.on(guest, written(former)), "", `node${guest}`);
  const alice = await classIn(now).logIn("alice");
  t.true((await alice.start()).ready);
  t.is(await classIn(now).nodeOf("alice"), "node2");
  t.is(await inHome(2, "cat marker"), "mine\n");
  t.regex((await swarmhub("quota", "ls")).stdout, /alice.*90 MB/);
  t.is(await alice.statusOf("/user/alice/api"), 200);
  await alice.close();
});

test.serial(
  "a worker with another address joins again, and servers on it are reached",
  async (t) => {
    now = await changeAddress(now, 2, 62);
    const status = await swarmhub("status");
    t.is(status.code, 6, status.stderr);
    t.regex(status.stdout, /node2: its private address was .*: users' servers on it cannot be/);
    const up = await swarmhub("up", "--yes");
    t.is(up.code, 0, up.stderr);
    for (const guest of [1, 2])
      t.is(await now.on(guest, written(formerWorker)), "", `node${guest}`);
    t.deepEqual(await classIn(now).nodes(), ["node1 Ready Active", "node2 Ready Active"]);
    const alice = await classIn(now).logIn("alice");
    t.true((await alice.start()).ready);
    t.is(await inHome(2, "cat marker"), "mine\n");
    await alice.close();
  },
);

test.serial("`down` removes the class at its new addresses", async (t) => {
  const down = await swarmhub("down", "--yes");
  t.is(down.code, 0, down.stderr);
});

/** Runs a command in alice's home, in her server on a guest. */
const inHome = (guest: number, command: string): Promise<string> =>
  now.on(
    guest,
    `docker exec $(docker ps -q -f 'name=nb-alice\\.' | head -n 1) sh -c 'cd /home/jovyan && ${command}'`,
  );
