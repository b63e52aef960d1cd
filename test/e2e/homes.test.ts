import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { slugOf } from "../../src/names.js";
import { waitUntil } from "../../src/wait.js";
import { testCommands } from "./support/homes/commands.js";
import { emptyByHand } from "./support/homes/empty-by-hand.js";
import { faults } from "./support/homes/faults.js";
import { insideOf } from "./support/homes/inside.js";
import { spawnerTests } from "./support/homes/real-docker.js";
import { workshop } from "./support/lab.js";
import { enter } from "./support/user.js";
import { changeTo, warmClass } from "./support/warm-class.js";

// What a home promises, on a manager with the storage and a worker: each test goes on from the one before.
const lab = await warmClass("e2e-homes", { machines: 2, memory: 2048 });
const shop = await workshop(
  lab,
  `name: warm
manager: node1
workers: [node2]
storage: {device: /dev/ubdb, quota: 60M, files: 1k}
login: {shared-password: from-env ROOM_PASSWORD}
servers: {image: "${lab.image}", memory: 400M, cpu: 1, skeleton: ./first-files}
engine: {registry-mirrors: ["http://${lab.registry}"]}
`,
);
const { swarmhub } = shop;
const { account, fill, inHub } = insideOf(lab);
const address = `https://${lab.reachedAt(1)}`;
const storage = "/srv/swarmhub";

test.before(async () => {
  const folder = join(shop.folder, "first-files");
  await mkdir(join(folder, "data"), { recursive: true });
  await writeFile(join(folder, "hello.ipynb"), notebook);
  await writeFile(join(folder, "data/rain.csv"), "7\n".repeat(100_000));
  await changeTo(shop);
});

test.after.always(() => lab.lab("down"));

test.serial("up brings the first files, and a second one has nothing to do", async (t) => {
  t.regex(await lab.on(1, `ls ${storage}/skeleton`), /hello.ipynb/);
  t.regex((await swarmhub("up")).stderr, /nothing had to change/);
});

test.serial("the hub's spawner does with a real Swarm what its own tests ask", async (t) => {
  const said = await spawnerTests(lab);
  t.log(said);
  t.regex(said, /^\d+ passed in /m);
});

test.serial("a first login makes a home, limited before its first byte", async (t) => {
  const anna = await enter(address, "anna");
  const { ready, told, ms } = await anna.start();
  t.true(ready, told);
  t.log(`anna's server was ready after ${ms} ms`);
  t.is((await account("anna")).hard, 60 * 1024);
  t.deepEqual(
    (await lab.on(1, `cd ${storage}/homes/anna && find . -type f -printf '%U:%G %p\\n' | sort`))
      .trim()
      .split("\n")
      .filter((line) => !line.includes("/.")),
    ["1000:100 ./data/rain.csv", "1000:100 ./hello.ipynb"],
    "with the first files, as hers",
  );
  t.is(await lab.on(1, `ls ${storage}/pending`), "");
  t.is(await lab.on(1, `cat ${storage}/owners/anna`), '{"user": "anna"}\n');
  t.regex(await anna.read("/hub/home"), /Your home: [\d.]+ of 60 MB/);
  await anna.leave();
});

test.serial("the hub goes on within a second of the watcher's work", async (t) => {
  const gaps: number[] = [];
  for (const user of ["clock1", "clock2", "clock3"]) {
    const ended = await inHub(`prepare_home(storage, "${user}", "${user}")`);
    const unmarked = Number(await lab.on(1, `stat -c %.Y ${storage}/pending`));
    gaps.push(Math.round((ended - unmarked) * 1000));
  }
  t.log(`${gaps.join(", ")} ms after the mark was gone`);
  t.true(gaps.every((gap) => gap >= 0 && gap < 1000));
});

test.serial("names that differ in an accent get two homes", async (t) => {
  for (const user of ["rene", "rené"]) {
    await inHub(`prepare_home(storage, slug("${user}"), "${user}")`);
    const note = JSON.parse(await lab.on(1, `cat ${storage}/owners/${slugOf(user)}`)) as object;
    t.like(note, { user });
  }
});

for (const user of ["0", "1000:100"])
  test.serial(`what user ${user} of a container tries is refused or counted`, async (t) => {
    const anna = await enter(address, "anna");
    t.true((await anna.start()).ready);
    const container = (await lab.on(2, "docker ps -q -f name=nb-anna")).trim();
    await lab.write(
      2,
      "/root/isolation.py",
      await readFile("test/e2e/support/isolation.py", "utf8"),
    );
    const said = await lab.on(
      2,
      `docker exec -i -u ${user} ${container} python3 - /home/jovyan ${lab.address(1)} ${lab.address(2)} </root/isolation.py 2>&1 || true`,
    );
    t.log(said.trim());
    t.regex(said, /^11 attempts, 0 got through, as \d+$/m, said);
    t.notRegex(said, /Traceback/);
    const { used, hard } = await account("anna");
    t.true(used <= hard, "by XFS's own count");
    await anna.leave();
  });

test.serial("who could see two homes at once can neither link nor move between them", async (t) => {
  await lab.on(1, `touch ${storage}/homes/anna/one`);
  for (const call of ["link", "rename"]) {
    const said = await inHub(
      `asyncio.to_thread(os.${call}, storage / "homes/anna/one", storage / "homes/rene/one")`,
    ).then(String, String);
    t.regex(said, /Invalid cross-device link/, call);
  }
});

test.serial("a home full of bytes still starts, shows it, and can be emptied", async (t) => {
  const anna = await enter(address, "anna");
  await anna.stop();
  await fill("anna", "dd if=/dev/zero of=filling bs=64k");
  const start = await anna.start();
  t.true(start.ready, start.told);
  t.regex(await anna.read("/hub/home"), /Your home: (59|60)[.\d]* of 60 MB\. It is nearly full/);
  t.log(await emptyByHand(lab, "anna", "filling"));
  await anna.stop();
  await anna.leave();
});

test.serial("a home full of files still starts, and can be emptied", async (t) => {
  const bert = await enter(address, "bert");
  await inHub(`prepare_home(storage, "bert", "bert")`);
  await fill(
    "bert",
    "sh -c 'touch one-too-many && mkdir many && cd many && seq 2000 | xargs touch'",
  );
  const start = await bert.start();
  t.true(start.ready, start.told);
  t.regex(await bert.read("/hub/home"), /1,000 of 1,000 files\. It is nearly full/);
  t.log(await emptyByHand(lab, "bert", "one-too-many"));
  await bert.stop();
  await bert.leave();
});

testCommands(lab, shop);

for (const [index, [what, faultOf]] of Object.entries(faults).entries())
  test.serial(`a new user reads within 20 s that ${what}, and starts once it is not`, async (t) => {
    const user = `fault${index + 1}`;
    const fault = faultOf(user);
    const person = await enter(address, user);
    const since = (await lab.on(1, "date +%s")).trim();
    await lab.on(1, fault.breaks);
    try {
      const { ready, told, ms } = await person.start();
      t.log(`${ms} ms: ${fault.says.exec(told)?.[0] ?? told}`);
      t.false(ready);
      t.regex(told, fault.says);
      t.true(ms < 20_000);
      const hub = "$(docker ps -q -f name=hub.1)";
      t.regex(await lab.on(1, `docker logs --since ${since} ${hub} 2>&1`), fault.log);
      if (fault.sparesOldUsers === true) await inHub(`prepare_home(storage, "anna", "anna")`);
      // Whatever is there would be in the folder under the mount.
      if (what.includes("mounted")) t.is(await lab.on(1, `ls -A ${storage}`), "");
    } finally {
      await lab.on(1, fault.mends);
    }
    // An NFS client that got no answer asks again after up to a minute.
    await waitUntil(
      () =>
        inHub(`prepare_home(storage, "${user}", "${user}", watcher_timeout=60)`).then(
          () => true as const,
          () => undefined,
        ),
      { deadline: 300_000, otherwise: () => new Error(`${user} gets no home after all`) },
    );
    await person.leave();
  });

const notebook = JSON.stringify({ cells: [], metadata: {}, nbformat: 4, nbformat_minor: 5 });
