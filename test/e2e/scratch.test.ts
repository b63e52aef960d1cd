import test from "ava";
import { waitUntil } from "../../src/wait.js";
import { startCells } from "./support/cells.js";
import { bootLab, workshop } from "./support/lab.js";
import { snapshot } from "./support/machine-snapshot.js";
import { type User, logInWithRetry } from "./support/user.js";

// A blank worker (node1) gets a limit for what each server writes outside its home. Mallory fills hers, beside people who work.
// Each test continues from the previous one.
const lab = await bootLab("e2e-scratch", 2, 2560, { prepared: true, blank: 1 });
const { swarmhub } = await workshop(
  lab,
  `name: filled
manager: node2
workers: [node1]
storage: {device: /dev/ubdb, quota: 100M}
login: {shared-password: from-env ROOM_PASSWORD}
servers: {image: "${lab.image}", memory: 400M, cpu: 0.5, scratch: 500M}
engine: {registry-mirrors: ["http://${lab.registry}"], own-images: docker.io/swarmhub}
`,
);
const address = `https://${lab.address(2)}`;
const limit = 500 * 2 ** 20;
const before = await snapshot(lab, 1);
const others = ["alice", "bob"];
const users = new Map<string, User>();
const cells: Awaited<ReturnType<typeof startCells>>[] = [];

test.after.always(async () => {
  await Promise.all([...users.values()].map((user) => user.close()));
  await lab.lab("down");
});

const containerOf = (user: string): Promise<string> =>
  waitUntil(
    async () => (await lab.on(1, `docker ps -q -f 'name=nb-${user}\\.'`)).trim() || undefined,
    { deadline: 120_000, every: 1000, otherwise: () => new Error(`${user} has no container`) },
  );
const inMallorys = async (command: string): Promise<string> =>
  lab.on(1, `docker exec ${await containerOf("mallory")} sh -c "${command}" 2>&1 || true`);

test.serial("check says what a server will have, and up sets it up once", async (t) => {
  const check = await swarmhub("check");
  t.regex(check.stdout, /each server will have 500 MB outside its home/);
  const { code, stderr } = await swarmhub("up", "--yes");
  t.log(stderr);
  t.is(code, 0, stderr);
  t.regex(await lab.on(1, "findmnt -n -o FSTYPE,OPTIONS /var/lib/docker"), /^xfs .*prjquota/);
  t.regex(
    await lab.on(1, "cat /etc/swarmhub/scratch"),
    new RegExp(`limit ${limit}\nseen ${limit}\n`),
  );
  t.is(
    (await lab.on(1, "docker info -f '{{.Driver}}'; docker image ls -q -f dangling=true")).trim(),
    "overlay2",
  );
  t.regex((await swarmhub("up")).stderr, /nothing had to change/);
  const status = await swarmhub("status");
  t.is(status.code, 0, status.stdout);
  t.regex(status.stdout, /^node1: each server has 500 MB outside its home$/m);
});

test.serial("three people work, and each sees the limit as the size of the disk", async (t) => {
  for (const user of [...others, "mallory"]) {
    const session = await logInWithRetry(address, user);
    users.set(user, session);
    t.true((await session.start()).ready, user);
  }
  for (const user of others) cells.push(await startCells(lab, 1, await containerOf(user)));
  t.is((await inMallorys("df -B1 --output=size / | tail -n 1")).trim(), String(limit));
});

for (const [what, command, answer] of [
  ["claims 100 GB at once", "fallocate -l 100G /tmp/x", /No space left|File too large|exceeded/],
  ["writes until the disk is full", "dd if=/dev/zero of=/tmp/y bs=1M", /No space left on device/],
  [
    "makes a million small files",
    'mkdir /tmp/z; timeout 240 python3 -c \'for i in range(10**6): open(\\"/tmp/z/%d\\" % i, \\"w\\").write(\\"x\\")\'; ls -U /tmp/z | head -n 5 | wc -l',
    /No space left on device|^5$/m,
  ],
] as const)
  test.serial(`when mallory ${what}, the others are on time and lose nothing`, async (t) => {
    await Promise.all(cells.map((each) => each.reset()));
    t.regex(await inMallorys(command), answer);
    for (const each of cells) {
      const { count, errors, longest } = await each.seen();
      t.log(`${count} cells, the longest took ${longest.toFixed(2)} s`);
      t.deepEqual(errors, []);
      // Late by more is a disk that has stopped. The goal is 2 s, which a shared machine exceeds by itself: the log has the figures.
      t.true(longest < 10, `${longest} s`);
    }
    const dave = await logInWithRetry(address, "dave");
    t.true((await dave.start()).ready, "a new server starts beside it");
    await dave.stop();
    await dave.close();
    await inMallorys("rm -rf /tmp/x /tmp/y /tmp/z");
  });

test.serial(
  "after a full layer mallory's own server still works, and a restart empties it",
  async (t) => {
    await inMallorys("dd if=/dev/zero of=/tmp/y bs=1M");
    const mallory = users.get("mallory");
    t.is(await mallory?.statusOf("/user/mallory/api"), 200);
    await mallory?.stop();
    t.true((await mallory?.start())?.ready);
    t.is((await inMallorys("ls /tmp/y 2>/dev/null")).trim(), "");
  },
);

test.serial("after a power loss the limit counts, and the servers come back", async (t) => {
  await lab.lab("kill", "1");
  await lab.lab("boot", "1");
  await waitUntil(
    async () =>
      (await lab.on(2, "docker node ls --format '{{.Hostname}} {{.Status}}'")).includes(
        "node1 Ready",
      ) || undefined,
    { deadline: 240_000, every: 2000, otherwise: () => new Error("node1 does not come back") },
  );
  t.regex(await lab.on(1, "findmnt -n -o FSTYPE,OPTIONS /var/lib/docker"), /^xfs .*prjquota/);
  const alice = users.get("alice");
  if ((await alice?.statusOf("/user/alice/api")) !== 200) await alice?.start();
  const size = `docker exec ${await containerOf("alice")} df -B1 --output=size / | tail -n 1`;
  t.is((await lab.on(1, size)).trim(), String(limit));
  t.regex((await swarmhub("up")).stderr, /filled is up/);
});

test.serial("without its disk Docker does not start, and says why", async (t) => {
  const answer = await lab.on(
    1,
    `systemctl stop docker.socket docker.service var-lib-docker.mount
mv /var/lib/swarmhub/scratch.xfs /var/lib/swarmhub/aside
systemctl start docker.service 2>&1; systemctl is-active docker.service
mv /var/lib/swarmhub/aside /var/lib/swarmhub/scratch.xfs
systemctl reset-failed; systemctl start docker.service || { journalctl -n 60 --no-pager; systemctl list-jobs; exit 1; }; systemctl is-active docker.service`,
  );
  t.regex(answer, /dependency job .* failed[^]*inactive\n.*active\n$/i);
});

test.serial("leave and down leave nothing of it", async (t) => {
  const left = await swarmhub("leave", "node1", "--now", "--yes");
  t.is(left.code, 0, left.stderr);
  t.deepEqual(await snapshot(lab, 1), before);
  t.is(
    await lab.on(
      1,
      "ls -d /var/lib/swarmhub /var/lib/docker /etc/docker /etc/systemd/system/docker.service.d 2>/dev/null; losetup -nl | grep scratch || true",
    ),
    "",
  );
  const joined = await swarmhub("join", "node1");
  t.is(joined.code, 0, joined.stderr);
  t.regex(await lab.on(1, "cat /etc/swarmhub/scratch"), new RegExp(`seen ${limit}\n`));
  const { code, stderr } = await swarmhub("down", "--yes", "--delete-homes");
  t.is(code, 0, stderr);
  t.deepEqual(await snapshot(lab, 1), before);
});
