import test from "ava";
import { classIn } from "./support/class.js";
import { workshop } from "./support/lab.js";
import type { User } from "./support/user.js";
import { changeTo, warmClass } from "./support/warm-class.js";

// A class of the manager alone with one seat gets its first worker with one more seat, and loses it again. Each test continues
// from the previous one.
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
/** The images that were there before `up`: all except the one of users' servers, which has a second name after `up` has pulled it. */
const imagesBefore = (await images()).map((list) =>
  list.replaceAll(new RegExp(`^(${lab.image.replace(/:.*/, "")}|swarmhub/pulled):.*\n`, "gm"), ""),
);
const { logIn, nodeOf, hashes, nodes, waitUntilQueued } = classIn(lab);
let [ada, bob]: (User | undefined)[] = [];

test.before(() => changeTo(shop));

test.after.always(async () => {
  await Promise.all([ada?.close(), bob?.close()]);
  await lab.lab("down");
});

test.serial("a user in the queue of a full manager gets a seat of the first worker", async (t) => {
  [ada, bob] = [await logIn("ada"), await logIn("bob")];
  t.true((await bob.start()).ready);
  await ada.readPage("/hub/spawn/ada");
  await waitUntilQueued("ada");
  const joining = await swarmhub("join", "node2");
  t.is(joining.code, 0, joining.stderr);
  t.log(joining.stderr);
  t.regex(joining.stderr, /node2 joined warm: [^]*1 seat now, 1 before/);
  t.regex(
    joining.stderr,
    /warning: node1: 1 user's server still runs there, so it keeps its seats/,
  );
  t.is(await nodeOf("ada"), "node2");
  t.is(await nodeOf("bob"), "node1");
});

test.serial("the manager accepts no more users after the last one has stopped", async (t) => {
  t.is((await swarmhub("status")).code, 6, "the manager keeps its seat");
  await bob?.stop();
  const { code, stderr } = await swarmhub("up");
  t.is(code, 0, stderr);
  t.regex(stderr, /node1 {2}stop offering its seats to users/);
  t.is((await swarmhub("status")).code, 0);
});

test.serial("the last worker leaves, and its server starts again on the manager", async (t) => {
  const before = await hashes();
  const { code, stderr } = await swarmhub("leave", "node2", "--now", "--yes");
  t.log(stderr);
  t.is(code, 0, stderr);
  t.regex(stderr, /node2 left warm: [^]*1 seat now[^]*1 server restarted on another machine/);
  t.is(await nodeOf("ada"), "node1");
  t.is(await hashes(), before);
  t.deepEqual(await nodes(), ["node1 Ready Active"]);
  t.is((await swarmhub("status")).code, 0);
});

test.serial("down leaves the images that were there before, and no others", async (t) => {
  const { code, stderr } = await swarmhub("down", "--yes");
  t.is(code, 0, stderr);
  t.deepEqual(await images(), imagesBefore);
});
