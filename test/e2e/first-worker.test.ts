import test from "ava";
import { classIn } from "./support/class.js";
import { workshop } from "./support/lab.js";
import type { Person } from "./support/user.js";
import { changeTo, warmClass } from "./support/warm-class.js";

// A class of the manager alone, with one seat, gets its first worker, with one more, and loses it again: each test goes on
// from the one before.
const lab = await warmClass("e2e-first", { machines: 1, guests: 2, memory: 2816 });
const shop = await workshop(
  lab,
  `name: warm
manager: node1
storage: {device: /dev/ubdb, quota: 100M}
login: {shared-password: from-env ROOM_PASSWORD}
servers: {image: "${lab.image}", memory: 1400M, cpu: 1}
engine: {registry-mirrors: ["http://${lab.registry}"]}
`,
);
const { swarmhub } = shop;
const images = async (): Promise<string[]> =>
  Promise.all(
    [1, 2].map((guest) =>
      lab.on(guest, "docker image ls --format '{{.Repository}}:{{.Tag}} {{.ID}}' | sort"),
    ),
  );
/** Those that were there before `up`: all but the one of users' servers. */
const before = (await images()).map((list) =>
  list.replace(new RegExp(`^${lab.image} .*\n`, "m"), ""),
);
const { arrive, nodeOf, hashes, nodes, waitsInLine } = classIn(lab);
let [ada, bob]: (Person | undefined)[] = [];

test.before(() => changeTo(shop));

test.after.always(async () => {
  await Promise.all([ada?.leave(), bob?.leave()]);
  await lab.lab("down");
});

test.serial("who waits for a seat of the manager gets one of the first worker", async (t) => {
  [ada, bob] = [await arrive("ada"), await arrive("bob")];
  t.true((await bob.start()).ready);
  await ada.read("/hub/spawn/ada");
  await waitsInLine("ada");
  const joining = await swarmhub("join", "node2");
  t.is(joining.code, 0, joining.stderr);
  t.log(joining.stderr);
  t.regex(joining.stderr, /node2 joined warm: [^]*1 seat now, 1 before/);
  t.regex(
    joining.stderr,
    /warning: node1: 1 server of users from when it took users still runs there, so it keeps its seats/,
  );
  t.is(await nodeOf("ada"), "node2");
  t.is(await nodeOf("bob"), "node1");
});

test.serial("the manager takes no more users once the last has gone", async (t) => {
  t.is((await swarmhub("status")).code, 6, "the manager keeps its seat");
  await bob?.stop();
  const { code, stderr } = await swarmhub("up");
  t.is(code, 0, stderr);
  t.regex(stderr, /node1 {2}offer no seats to users/);
  t.is((await swarmhub("status")).code, 0);
});

test.serial("the last worker leaves, and its server starts again on the manager", async (t) => {
  const hashed = await hashes();
  const { code, stderr } = await swarmhub("leave", "node2", "--now", "--yes");
  t.log(stderr);
  t.is(code, 0, stderr);
  t.regex(stderr, /node2 left warm: [^]*1 seat now[^]*1 server started again elsewhere/);
  t.is(await nodeOf("ada"), "node1");
  t.is(await hashes(), hashed);
  t.deepEqual(await nodes(), ["node1 Ready Active"]);
  t.is((await swarmhub("status")).code, 0);
});

test.serial("down leaves the images that were there, and no others", async (t) => {
  const { code, stderr } = await swarmhub("down", "--yes");
  t.is(code, 0, stderr);
  t.deepEqual(await images(), before);
});
