import { appendFile, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { classIn, guestOf, pollServer } from "./support/class.js";
import { workshop } from "./support/lab.js";
import { changeTo, warmClass } from "./support/warm-class.js";

// Machines join and leave a class while users work. Each test continues from the previous one.
const lab = await warmClass("e2e-grow", { machines: 3, guests: 4, memory: 1536 });
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
const { logIn, nodeOf, containerOf, hashes, nodes, waitUntilDown } = classIn(lab);
const hubContainer = () => lab.on(1, "docker ps -q -f name=hub.1");

test.before(() => changeTo(shop));

test.after.always(() => lab.lab("down"));

test.serial("a user works in a class of two workers", async (t) => {
  const anna = await logIn("anna");
  t.teardown(() => anna.close());
  const start = await anna.start();
  t.true(start.ready, start.output);
  await lab.on(
    guestOf(await nodeOf("anna")),
    `docker exec ${await containerOf("anna")} sh -c 'head -c 2000000 /dev/urandom >/home/jovyan/work.bin && sync'`,
  );
});

test.serial(
  "a machine that still boots joins, another one is refused, and a running server is not affected",
  async (t) => {
    const anna = await logIn("anna");
    t.teardown(() => anna.close());
    const [container, hub] = [await containerOf("anna"), await hubContainer()];
    // Another name for a machine of the class.
    await appendFile(join(folder, "hosts"), `${lab.address(2)} node9\n`);
    await lab.lab("kill", "4");
    const stopPolling = await pollServer(t, anna, "anna");
    const joining = swarmhub("--accept-new-host-keys", "join", "node9", "node4");
    await lab.lab("boot", "4");
    const { code, stdout, stderr, ms } = await joining;
    const { failures, requests, slowest } = await stopPolling();
    t.log(`join took ${Math.round(ms / 1000)} s; ${requests} requests, the slowest ${slowest} ms`);
    t.log(stderr);
    t.is(code, 2, stdout + stderr);
    t.regex(stderr, /1 of 2 machines did not join:\n *node9: this is the same machine as node2/);
    t.regex(stderr, /node4 joined warm: [^]*6 seats now, 4 before/);
    t.deepEqual(failures, []);
    t.is(await containerOf("anna"), container);
    t.is(await hubContainer(), hub, "the hub did not restart either");
    t.is(await configuration(), yaml.replace("  - node3\n", "  - node3\n  - node4\n"));
    t.regex((await swarmhub("up")).stderr, /nothing had to change/);
  },
);

test.serial("a server starts on the new machine", async (t) => {
  for (const other of ["node2", "node3"])
    await lab.on(1, `docker node update --availability pause ${other}`);
  const bob = await logIn("bob");
  t.teardown(() => bob.close());
  const { ready, output, ms } = await bob.start();
  t.log(`bob's server was ready after ${ms} ms`);
  t.true(ready, output);
  t.is(await nodeOf("bob"), "node4");
  await lab.on(
    4,
    `docker exec ${await containerOf("bob")} sh -c 'head -c 1000000 /dev/urandom >/home/jovyan/work.bin && sync'`,
  );
  const { stdout, code } = await swarmhub("status");
  t.is(code, 6, "a paused node is drift");
  t.regex(stdout, /node2: offer its seats to users/);
  t.is((await swarmhub("up")).code, 0);
});

test.serial(
  "a worker that is missing in the configuration stays, and the error shows the command that removes it",
  async (t) => {
    const text = await configuration();
    await writeFile(join(folder, "swarmhub.yaml"), text.replace("  - node4\n", ""));
    const { code, stderr } = await swarmhub("up");
    await writeFile(join(folder, "swarmhub.yaml"), text);
    t.is(code, 3, stderr);
    t.regex(
      stderr,
      /node4: the node takes users' servers but is not in the configuration[^]*swarmhub leave node4/,
    );
    t.is(await nodeOf("bob"), "node4");
  },
);

test.serial(
  "a machine leaves without leftovers, and its server restarts elsewhere without data loss",
  async (t) => {
    const before = await hashes();
    const anna = await logIn("anna");
    t.teardown(() => anna.close());
    const container = await containerOf("anna");
    const unconfirmed = await swarmhub("leave", "node4", "--now");
    t.is(unconfirmed.code, 2, "there is no terminal to confirm");
    t.regex(unconfirmed.stderr, /1 server on node4: bob/);

    const stopPolling = await pollServer(t, anna, "anna");
    const { code, stdout, stderr, ms } = await swarmhub(
      "leave",
      "node4",
      "--now",
      "--yes",
      "--json",
    );
    const { failures, requests, slowest } = await stopPolling();
    t.log(`leave took ${Math.round(ms / 1000)} s; ${requests} requests, the slowest ${slowest} ms`);
    t.is(code, 0, stdout + stderr);
    const result = JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as object;
    t.like(result, { left: ["node4"], moved: [{ user: "bob" }] });
    t.deepEqual(failures, []);
    t.is(await containerOf("anna"), container);
    t.regex(await nodeOf("bob"), /node[23]/);
    t.is(await hashes(), before);

    t.is(await configuration(), yaml);
    t.deepEqual(await nodes(), ["node1 Ready Active", "node2 Ready Active", "node3 Ready Active"]);
    const address = lab.address(4);
    for (const other of [1, 2, 3])
      t.false(
        (await lab.on(other, "iptables -S; cat /etc/exports.d/* 2>/dev/null || true")).includes(
          address,
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

test.serial("the manager cannot leave, and the error says why", async (t) => {
  const { code, stderr } = await swarmhub("leave", "node1");
  t.is(code, 2);
  t.regex(stderr, /node1: the manager cannot leave/);
});

test.serial("a dead machine is removed, and its server restarts on another machine", async (t) => {
  const before = await hashes();
  const dead = await nodeOf("bob");
  t.not(dead, await nodeOf("anna"), "the two servers are on different machines");
  const alive = await swarmhub("leave", "--gone", dead);
  t.is(alive.code, 3, alive.stderr);
  await lab.lab("kill", String(guestOf(dead)));
  await waitUntilDown(dead);
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

test.serial(
  "a machine with a closed port is refused with the cure, and joins when the port is open",
  async (t) => {
    const [before, text] = [await nodes(), await configuration()];
    const [manager, newcomer] = [lab.address(1), lab.address(4)];
    const isAsBefore = async () => {
      t.deepEqual(await nodes(), before);
      t.is(await configuration(), text);
      const status = await swarmhub("status");
      t.is(status.code, 0, status.stdout + status.stderr);
    };
    const closed = "INPUT -p udp --dport 4789 -j DROP";
    const cure = new RegExp(
      `open 2377/tcp, 7946/tcp\\+udp, 4789/udp, .* from ${manager}, \\S+ to ${newcomer}, in the provider's security group and in the firewall of node4`,
    );
    await lab.on(4, `iptables -w -I ${closed}`);
    const joining = await swarmhub("join", "node4");
    t.log(joining.stderr);
    t.is(joining.code, 3, joining.stdout + joining.stderr);
    t.regex(
      joining.stderr,
      /node4: from node1, node\d: 4789\/udp of node4 \(\S+\) cannot be reached/,
    );
    t.regex(joining.stderr, cure);
    t.is(await lab.on(4, "ls -d /etc/swarmhub /var/lib/swarmhub 2>/dev/null || true"), "");
    await isAsBefore();

    await writeFile(
      join(folder, "swarmhub.yaml"),
      text.replace("workers:\n", "workers:\n  - node4\n"),
    );
    const up = await swarmhub("up");
    await writeFile(join(folder, "swarmhub.yaml"), text);
    t.is(up.code, 3, up.stdout + up.stderr);
    t.regex(up.stderr, /preflight failed:\n *node4: from node1, node\d: 4789\/udp of node4/);
    t.regex(up.stderr, cure);
    t.is(await lab.on(4, "ls -d /etc/swarmhub /var/lib/swarmhub 2>/dev/null || true"), "");
    await isAsBefore();
    await lab.on(4, `iptables -w -D ${closed}`);

    // On the manager, behind the class's own rules, and while Swarm uses the port.
    const closedToOne = `INPUT -s ${newcomer} -p udp --dport 4789 -j DROP`;
    await lab.on(1, `iptables -w -I ${closedToOne}`);
    const late = await swarmhub("join", "node4");
    t.log(late.stderr);
    t.is(late.code, 3, late.stdout + late.stderr);
    t.regex(late.stderr, /node4: join the Swarm: 4789\/udp of node1 \(\S+\) cannot be reached/);
    t.regex(late.stderr, new RegExp(`from ${newcomer} to ${manager}, .*, on node1: \`sudo ufw`));
    await isAsBefore();

    await lab.on(1, `iptables -w -D ${closedToOne}`);
    const joined = await swarmhub("join", "node4");
    t.is(joined.code, 0, joined.stdout + joined.stderr);
    t.is((await nodes()).length, before.length + 1);
    t.regex((await swarmhub("up")).stderr, /nothing had to change/);
  },
);
