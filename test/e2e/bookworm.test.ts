import { setTimeout as pause } from "node:timers/promises";
import test from "ava";
import { waitUntil } from "../../src/wait.js";
import { classIn, waitForNoDrift } from "./support/class.js";
import { bootLab, workshop } from "./support/lab.js";
import { snapshot } from "./support/machine-snapshot.js";

// Blank machines with Debian 12: Docker 20.10 and its old builder, an older kernel's tools, systemd 252 and Perl 5.36. Each test
// continues from the previous one.
const lab = await bootLab("e2e-bookworm", 2, 1792, { release: "bookworm" });
const { swarmhub } = await workshop(
  lab,
  `name: older
manager: node1
workers: [node2]
storage: {device: /dev/ubdb, quota: 60M}
login: {shared-password: from-env ROOM_PASSWORD}
servers: {image: "${lab.image}", memory: 400M, cpu: 1}
engine: {registry-mirrors: ["http://${lab.registry}"], own-images: docker.io/swarmhub}
`,
);
const { logIn, nodeOf, containerOf } = classIn(lab);
const guests = [1, 2];
const before = await Promise.all(guests.map((guest) => snapshot(lab, guest)));

test.after.always(() => lab.lab("down"));

test.serial("up makes a class, whose second up has nothing to do", async (t) => {
  t.regex(await lab.on(1, "cat /etc/debian_version"), /^12/);
  const check = await swarmhub("check");
  t.is(check.code, 0, check.stdout + check.stderr);
  const { code, stderr, ms } = await swarmhub("up", "--yes");
  t.log(stderr);
  t.log(`up took ${Math.round(ms / 1000)} s`);
  t.is(code, 0, stderr);
  t.log(await lab.on(1, "docker version -f '{{.Server.Version}}'"));
  t.regex((await swarmhub("up")).stderr, /nothing had to change/);
});

test.serial("a user's server runs on the worker, with the quota of the home", async (t) => {
  const anna = await logIn("anna");
  t.teardown(() => anna.close());
  const { ready, output, ms } = await anna.start();
  t.log(`the server was ready after ${ms} ms`);
  t.true(ready, output);
  t.is(await nodeOf("anna"), "node2");
  const container = await containerOf("anna");
  const inServer = (script: string) => lab.on(2, `docker exec ${container} sh -c '${script}'`);
  t.regex(await inServer("df -B1 --output=size /home/jovyan"), /\n *62914560\n/);
  t.regex(
    await inServer("head -c 70M /dev/zero 2>&1 >/home/jovyan/big; rm /home/jovyan/big"),
    /No space|quota/,
  );
  t.regex((await swarmhub("quota", "ls")).stdout, /^anna .*60 MB/m);
  const status = await swarmhub("status");
  t.is(status.code, 0, status.stdout + status.stderr);
});

test.serial("after a power cut of both machines the class is up again", async (t) => {
  // The hub's database is not flushed at each commit: without this, the start of a moment ago is unknown after the cut.
  await lab.on(1, "sync");
  for (const guest of guests) await lab.lab("kill", String(guest));
  for (const guest of guests) await lab.lab("boot", String(guest));
  await waitForNoDrift(swarmhub);
  t.is(await nodeOf("anna"), "node2");
});

test.serial(
  "a server that starts while the hub is away waits for it, also for minutes",
  async (t) => {
    t.timeout(900_000);
    await lab.on(1, "docker service scale -d older-hub=0");
    await lab.on(2, `docker kill ${await containerOf("anna")}`);
    // Swarm gives a server up that has failed three times, each after 46 s without the hub.
    await pause(280_000);
    const ends = `docker service ps -q -f desired-state=shutdown $(docker service ls -q -f label=swarmhub.user=anna) | wc -l`;
    const ended = Number(await lab.on(1, ends));
    await lab.on(1, "docker service scale -d older-hub=1");
    await waitForNoDrift(swarmhub);
    t.is(await nodeOf("anna"), "node2");
    const anna = await logIn("anna");
    t.teardown(() => anna.close());
    await waitUntil(async () => (await anna.statusOf("/user/anna/api")) === 200 || undefined, {
      deadline: 180_000,
      every: 2000,
      otherwise: async () =>
        new Error(await lab.on(1, "docker service logs --tail 20 older-nb-anna")),
    });
    t.is(Number(await lab.on(1, ends)), ended, "it was not started anew");
  },
);

test.serial("down leaves the machines as before", async (t) => {
  const { code, stderr } = await swarmhub("down", "--delete-homes", "--yes");
  t.is(code, 0, stderr);
  t.deepEqual(await Promise.all(guests.map((guest) => snapshot(lab, guest))), before);
});
