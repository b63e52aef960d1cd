import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { slugOf } from "../../src/names.js";
import { waitUntil } from "../../src/wait.js";
import { testHomeCommands } from "./support/homes/commands.js";
import { emptyByHand } from "./support/homes/empty-by-hand.js";
import { faults } from "./support/homes/faults.js";
import { homesIn } from "./support/homes/inside.js";
import { runSpawnerTests } from "./support/homes/real-docker.js";
import { workshop } from "./support/lab.js";
import { logIn } from "./support/user.js";
import { changeTo, warmClass } from "./support/warm-class.js";

// The promises about homes, with the storage on the manager and one worker. Each test continues from the previous one.
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
const { account, fill, inHub } = homesIn(lab);
const address = `https://${lab.reachableAddress(1)}`;
const storage = "/srv/swarmhub";

test.before(async () => {
  const folder = join(shop.folder, "first-files");
  await mkdir(join(folder, "data"), { recursive: true });
  await writeFile(join(folder, "hello.ipynb"), notebook);
  await writeFile(join(folder, "data/rain.csv"), "7\n".repeat(100_000));
  await changeTo(shop);
});

test.after.always(() => lab.lab("down"));

test.serial("up has copied the first files, and a second run has nothing to do", async (t) => {
  t.regex(await lab.on(1, `ls ${storage}/skeleton`), /hello.ipynb/);
  t.regex((await swarmhub("up")).stderr, /nothing had to change/);
});

test.serial("the tests of the hub's spawner pass with a real Swarm", async (t) => {
  const output = await runSpawnerTests(lab);
  t.log(output);
  t.regex(output, /^\d+ passed in /m);
});

test.serial("a first login creates a home, with a limit before its first byte", async (t) => {
  const anna = await logIn(address, "anna");
  t.teardown(() => anna.close());
  const { ready, output, ms } = await anna.start();
  t.true(ready, output);
  t.log(`anna's server was ready after ${ms} ms`);
  t.is((await account("anna")).hard, 60 * 1024);
  t.deepEqual(
    (await lab.on(1, `cd ${storage}/homes/anna && find . -type f -printf '%U:%G %p\\n' | sort`))
      .trim()
      .split("\n")
      .filter((line) => !line.includes("/.")),
    ["1000:100 ./data/rain.csv", "1000:100 ./hello.ipynb"],
    "the first files belong to the user",
  );
  t.is(await lab.on(1, `ls ${storage}/pending`), "");
  t.is(await lab.on(1, `cat ${storage}/owners/anna`), '{"user": "anna"}\n');
  t.regex(await anna.readPage("/hub/home"), /Your home: [\d.]+ of 60 MB/);
});

test.serial("the hub continues within a second after the watcher has set the limit", async (t) => {
  const gaps: number[] = [];
  for (const user of ["clock1", "clock2", "clock3"]) {
    const ended = await inHub(`prepare_home(storage, "${user}", "${user}")`);
    const removed = Number(await lab.on(1, `stat -c %.Y ${storage}/pending`));
    gaps.push(Math.round((ended - removed) * 1000));
  }
  t.log(`${gaps.join(", ")} ms after the pending marker was removed`);
  t.true(gaps.every((gap) => gap >= 0 && gap < 1000));
});

test.serial("names that differ only in an accent get two homes", async (t) => {
  for (const user of ["rene", "rené"]) {
    await inHub(`prepare_home(storage, slug("${user}"), "${user}")`);
    const note = JSON.parse(await lab.on(1, `cat ${storage}/owners/${slugOf(user)}`)) as object;
    t.like(note, { user });
  }
});

for (const user of ["0", "1000:100"])
  test.serial(`attempts to escape a home as user ${user} are refused or counted`, async (t) => {
    const anna = await logIn(address, "anna");
    t.teardown(() => anna.close());
    t.true((await anna.start()).ready);
    const container = (await lab.on(2, "docker ps -q -f name=nb-anna")).trim();
    await lab.write(
      2,
      "/root/isolation.py",
      await readFile("test/e2e/support/isolation.py", "utf8"),
    );
    const output = await lab.on(
      2,
      `docker exec -i -u ${user} ${container} python3 - /home/jovyan ${lab.address(1)} ${lab.address(2)} </root/isolation.py 2>&1 || true`,
    );
    t.log(output.trim());
    t.regex(output, /^11 attempts, 0 succeeded, as user \d+$/m, output);
    t.notRegex(output, /Traceback/);
    const { used, hard } = await account("anna");
    t.true(used <= hard, "according to XFS");
  });

test.serial(
  "files cannot be linked or moved between two homes, even by a process that sees both",
  async (t) => {
    await lab.on(1, `touch ${storage}/homes/anna/one`);
    for (const call of ["link", "rename"]) {
      const result = await inHub(
        `asyncio.to_thread(os.${call}, storage / "homes/anna/one", storage / "homes/rene/one")`,
      ).then(String, String);
      t.regex(result, /Invalid cross-device link/, call);
    }
  },
);

test.serial(
  "a server starts in a full home, the pages show that it is full, and the user can delete files",
  async (t) => {
    const anna = await logIn(address, "anna");
    t.teardown(() => anna.close());
    await anna.stop();
    await fill("anna", "dd if=/dev/zero of=filling bs=64k");
    const start = await anna.start();
    t.true(start.ready, start.output);
    t.regex(
      await anna.readPage("/hub/home"),
      /Your home: (59|60)[.\d]* of 60 MB\. It is nearly full/,
    );
    t.log(await emptyByHand(lab, "anna", "filling"));
    await anna.stop();
  },
);

test.serial(
  "a server starts in a home with the maximum number of files, and the user can delete files",
  async (t) => {
    const bert = await logIn(address, "bert");
    t.teardown(() => bert.close());
    await inHub(`prepare_home(storage, "bert", "bert")`);
    await fill(
      "bert",
      "sh -c 'touch one-too-many && mkdir many && cd many && seq 2000 | xargs touch'",
    );
    const start = await bert.start();
    t.true(start.ready, start.output);
    t.regex(await bert.readPage("/hub/home"), /1,000 of 1,000 files\. It is nearly full/);
    t.log(await emptyByHand(lab, "bert", "one-too-many"));
    await bert.stop();
  },
);

testHomeCommands(lab, shop);

for (const [index, [description, faultOf]] of Object.entries(faults).entries())
  test.serial(
    `a new user reads within 20 s that ${description}, and can start after a repair`,
    async (t) => {
      const name = `fault${index + 1}`;
      const fault = faultOf(name);
      const user = await logIn(address, name);
      t.teardown(() => user.close());
      const since = (await lab.on(1, "date +%s")).trim();
      await lab.on(1, fault.inject);
      try {
        const { ready, output, ms } = await user.start();
        t.log(`${ms} ms: ${fault.message.exec(output)?.[0] ?? output}`);
        t.false(ready);
        t.regex(output, fault.message);
        t.true(ms < 20_000);
        const hub = "$(docker ps -q -f name=hub.1)";
        t.regex(await lab.on(1, `docker logs --since ${since} ${hub} 2>&1`), fault.log);
        if (fault.oldUsersCanStart === true) await inHub(`prepare_home(storage, "anna", "anna")`);
        // A new file would be in the folder below the mount.
        if (description.includes("mounted")) t.is(await lab.on(1, `ls -A ${storage}`), "");
      } finally {
        await lab.on(1, fault.repair);
      }
      // An NFS client without an answer tries again after up to a minute.
      await waitUntil(
        () =>
          inHub(`prepare_home(storage, "${name}", "${name}", watcher_timeout=60)`).then(
            () => true as const,
            () => undefined,
          ),
        { deadline: 300_000, otherwise: () => new Error(`${name} still gets no home`) },
      );
    },
  );

const notebook = JSON.stringify({ cells: [], metadata: {}, nbformat: 4, nbformat_minor: 5 });
