import { appendFile, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { classIn, guestOf, watch } from "./support/class.js";
import { workshop } from "./support/lab.js";
import { changeTo, warmClass } from "./support/warm-class.js";

// A class grows and shrinks under people at work: each test goes on from the one before.
const lab = await warmClass("e2e-grow", { machines: 3, guests: 4, memory: 1152 });
const yaml = `# our class
name: warm
manager: node1
# in the cellar
workers:
  - node2 # the old one
  - node3
storage: {device: /dev/ubdb, quota: 60M}   # theirs
login: {shared-password: from-env ROOM_PASSWORD}
servers: {image: "${lab.image}", memory: 400M, cpu: 1}
engine: {registry-mirrors: ["http://${lab.registry}"]}
`;
const shop = await workshop(lab, yaml);
const { swarmhub, folder } = shop;
const configuration = () => readFile(join(folder, "swarmhub.yaml"), "utf8");
const { arrive, nodeOf, containerOf, hashes, nodes, goesDown } = classIn(lab);
const hubContainer = () => lab.on(1, "docker ps -q -f name=hub.1");

test.before(() => changeTo(shop));

test.after.always(() => lab.lab("down"));

test.serial("a person at work in a class of two workers", async (t) => {
  const anna = await arrive("anna");
  const start = await anna.start();
  t.true(start.ready, start.told);
  await lab.on(
    guestOf(await nodeOf("anna")),
    `docker exec ${await containerOf("anna")} sh -c 'head -c 2000000 /dev/urandom >/home/jovyan/work.bin && sync'`,
  );
});

test.serial(
  "a machine that still boots joins beside one that may not, and the person at work does not notice",
  async (t) => {
    const anna = await arrive("anna");
    const [container, hub] = [await containerOf("anna"), await hubContainer()];
    // Another name for a machine that is in the class.
    await appendFile(join(folder, "hosts"), `${lab.address(2)} node9\n`);
    await lab.lab("kill", "4");
    const watched = await watch(anna, "anna");
    const joining = swarmhub("--accept-new-host-keys", "join", "node9", "node4");
    await lab.lab("boot", "4");
    const { code, stdout, stderr, ms } = await joining;
    const { failures, asked, slowest } = await watched();
    t.log(`join took ${Math.round(ms / 1000)} s; ${asked} questions, the slowest ${slowest} ms`);
    t.log(stderr);
    t.is(code, 2, stdout + stderr);
    t.regex(stderr, /1 of 2 machines stayed out:\n *node9: this is the same machine as node2/);
    t.regex(stderr, /node4 joined warm: [^]*3 seats now, 2 before/);
    t.deepEqual(failures, []);
    t.is(await containerOf("anna"), container);
    t.is(await hubContainer(), hub, "not even the hub was started anew");
    t.is(await configuration(), yaml.replace("  - node3\n", "  - node3\n  - node4\n"));
    t.regex((await swarmhub("up")).stderr, /nothing had to change/);
  },
);

test.serial("a server starts there", async (t) => {
  for (const other of ["node2", "node3"])
    await lab.on(1, `docker node update --availability pause ${other}`);
  const bob = await arrive("bob");
  const { ready, told, ms } = await bob.start();
  t.log(`bob's server was ready after ${ms} ms`);
  t.true(ready, told);
  t.is(await nodeOf("bob"), "node4");
  await lab.on(
    4,
    `docker exec ${await containerOf("bob")} sh -c 'head -c 1000000 /dev/urandom >/home/jovyan/work.bin && sync'`,
  );
  const { stdout, code } = await swarmhub("status");
  t.is(code, 6, "a node that is paused is drift");
  t.regex(stdout, /node2: offer its seats to users/);
  t.is((await swarmhub("up")).code, 0);
});

test.serial(
  "a worker without its line is not cut off, and the command to type is told",
  async (t) => {
    const text = await configuration();
    await writeFile(join(folder, "swarmhub.yaml"), text.replace("  - node4\n", ""));
    const { code, stderr } = await swarmhub("up");
    await writeFile(join(folder, "swarmhub.yaml"), text);
    t.is(code, 3, stderr);
    t.regex(
      stderr,
      /node4 takes users' servers, but the configuration does not name it[^]*swarmhub leave node4/,
    );
    t.is(await nodeOf("bob"), "node4");
  },
);

test.serial(
  "it leaves: its server starts elsewhere, nobody loses a byte, and nothing is left",
  async (t) => {
    const before = await hashes();
    const anna = await arrive("anna");
    const container = await containerOf("anna");
    const asking = await swarmhub("leave", "node4", "--now");
    t.is(asking.code, 2, "nobody is here to agree");
    t.regex(asking.stderr, /1 server on node4: bob/);

    const watched = await watch(anna, "anna");
    const { code, stdout, stderr, ms } = await swarmhub(
      "leave",
      "node4",
      "--now",
      "--yes",
      "--json",
    );
    const { failures, asked, slowest } = await watched();
    t.log(`leave took ${Math.round(ms / 1000)} s; ${asked} questions, the slowest ${slowest} ms`);
    t.is(code, 0, stdout + stderr);
    const result = JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as object;
    t.like(result, { left: ["node4"], moved: [{ user: "bob" }] });
    t.deepEqual(failures, []);
    t.is(await containerOf("anna"), container);
    t.regex(await nodeOf("bob"), /node[23]/);
    t.is(await hashes(), before);

    t.is(await configuration(), yaml);
    t.deepEqual(await nodes(), ["node1 Ready Active", "node2 Ready Active", "node3 Ready Active"]);
    const left = lab.address(4);
    for (const other of [1, 2, 3])
      t.false(
        (await lab.on(other, "iptables -S; cat /etc/exports.d/* 2>/dev/null || true")).includes(
          left,
        ),
      );
    t.is(
      await lab.on(
        4,
        "docker info -f '{{.Swarm.LocalNodeState}}'; docker ps -aq; docker volume ls -q; iptables -S | grep SWARMHUB; ls -d /etc/swarmhub /var/lib/swarmhub /etc/systemd/system/swarmhub* 2>/dev/null; true",
      ),
      "inactive\n",
    );
    t.is((await swarmhub("status")).code, 0);
  },
);

test.serial("the manager is refused with the reason", async (t) => {
  const { code, stderr } = await swarmhub("leave", "node1");
  t.is(code, 2);
  t.regex(stderr, /node1: the manager cannot leave/);
});

test.serial("a dead machine is forgotten; its server starts elsewhere", async (t) => {
  const before = await hashes();
  const dead = await nodeOf("bob");
  t.not(dead, await nodeOf("anna"), "the two were spread");
  const alive = await swarmhub("leave", "--gone", dead);
  t.is(alive.code, 3, alive.stderr);
  await lab.lab("kill", String(guestOf(dead)));
  await goesDown(dead);
  const { code, stderr, ms } = await swarmhub("leave", "--gone", dead);
  t.log(`leave --gone took ${Math.round(ms / 1000)} s`);
  t.is(code, 0, stderr);
  t.is((await nodes()).length, 2);
  t.is(await nodeOf("bob"), await nodeOf("anna"));
  t.is(await hashes(), before);
  t.false((await configuration()).includes(`- ${dead}`));
  const status = await swarmhub("status");
  t.is(status.code, 0, status.stdout + status.stderr);
});
