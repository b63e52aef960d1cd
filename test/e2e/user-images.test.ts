import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { waitUntil } from "../../src/wait.js";
import { openBrowser, openJupyterLab } from "./support/browser.js";
import { classIn, guestOf } from "./support/class.js";
import { homesIn } from "./support/homes/inside.js";
import { roomPassword, workshop } from "./support/lab.js";
import { buildUserImage } from "./support/user-image.js";
import { changeTo, warmClass } from "./support/warm-class.js";

// Servers from an image with the traits of those that people use.
const lab = await warmClass("e2e-images", { machines: 2, memory: 2304 });
const image = await buildUserImage(lab, "healthcheck");
const stacks = await buildUserImage(lab, "stacks");
const rstudio = await buildUserImage(lab, "rstudio");
const rooted = await buildUserImage(lab, "rooted");
const shop = await workshop(
  lab,
  `name: warm
manager: node1
workers: [node2]
storage: {device: /dev/ubdb, quota: 60M}
login:
  shared-password: from-env ROOM_PASSWORD
  groups: {staff: {members: [grace], memory: 500M, quota: 80M, images: [rooted]}}
servers:
  images:
    - {name: check, image: "${image}"}
    - {name: stacks, image: "${stacks}"}
    - {name: rstudio, image: "${rstudio}"}
    - {name: rooted, image: "${rooted}"}
  memory: 400M
  cpu: 0.5
  environment: {COURSE: geo-101, API_KEY: from-env ROOM_PASSWORD}
  files: {/opt/course/data.json: ./data.json}
  time-zone: Europe/Berlin
engine: {registry-mirrors: ["http://${lab.registry}"]}
`,
);
const { swarmhub } = shop;
const { logIn, nodeOf, containerOf } = classIn(lab);
const { fill } = homesIn(lab);
const homes = "/srv/swarmhub/homes";

/** Runs a command in the container of a user's server. */
const inServer = async (user: string, command: string): Promise<string> => {
  const node = guestOf(await nodeOf(user));
  const container = await containerOf(user);
  return (await lab.on(node, `docker exec ${container} sh -c '${command}'`)).trim();
};

type Probe = {
  lab: number;
  kernels: string[] | number;
  cell: string;
  opened: number;
  saved: number;
};

/** Uses a user's server as JupyterLab does: kernels, a cell, a notebook that is opened and saved. */
const probe = async (user: string, notebook = "old.ipynb"): Promise<Probe> => {
  const node = guestOf(await nodeOf(user));
  await lab.write(node, "/root/probe.py", await readFile("test/e2e/support/probe.py", "utf8"));
  const command = `docker exec -i ${await containerOf(user)} python3 -s - ${notebook} </root/probe.py`;
  return JSON.parse(await lab.on(node, command)) as Probe;
};

/** Writes a file into a home as its user. */
const put = (user: string, path: string, content: string): Promise<string> =>
  lab.on(
    1,
    `cd ${homes}/${user} && setpriv --reuid 1000 --regid 100 --clear-groups sh -c 'mkdir -p "$(dirname ${path})" && cat >${path}' <<'END'
${content}
END`,
  );

// The link of a start with an image; without one, the page asks which.
const onStacks = "?opt-choice=stacks";
const works = { lab: 200, kernels: ["python3"], cell: "42", opened: 200, saved: 200 };
const notebook = '{"cells":[],"metadata":{},"nbformat":4,"nbformat_minor":5}';

test.before(async () => {
  await writeFile(join(shop.folder, "data.json"), '{"from": "teacher"}\n');
  await changeTo(shop);
});

test.after.always(async () => {
  await lab.lab("down");
});

test.serial("up has tried each image, says what it found, and tries none twice", async (t) => {
  const { stdout } = await swarmhub("images", "ls", "--json");
  type Listed = { image: string; home: string; packages: object; findings: string[] };
  const found = JSON.parse(stdout) as Listed[];
  const of = (name: string): Listed => found.find((each) => each.image === name)!;
  t.deepEqual(of(image).findings, []);
  t.like(of(stacks), { home: "/home/jovyan", packages: { jupyterhub: "6.1.1" } });
  t.regex(of(stacks).findings.join("\n"), /^its kernel course is in \/home\/jovyan, /m);
  t.regex(of(stacks).findings.join("\n"), /^intro\.ipynb in \/home\/jovyan /m);
  t.is(of(rstudio).home, "/home/rstudio");
  t.regex((await swarmhub("up")).stderr, /nothing had to change/);
});

test.serial("the health check of an image does not end the servers of its users", async (t) => {
  // The same image as a service of its own shows that its check does end a task.
  const list = "docker service ps --no-trunc --format '{{.CurrentState}}' control";
  await lab.on(
    1,
    `docker service create -d --name control --constraint node.role==worker --restart-condition none ${image} sleep 600`,
  );
  const alice = await logIn("alice");
  t.teardown(() => alice.close());
  const { ready, output } = await alice.start("?opt-choice=check");
  t.true(ready, output);
  const before = await containerOf("alice");
  await waitUntil(
    async () => (/^(Failed|Complete)/.test(await lab.on(1, list)) ? true : undefined),
    { deadline: 180_000, every: 2000, otherwise: () => new Error("the control runs on") },
  );
  // The server has run for as long as the control by now, and for longer than the check allows.
  t.is(await containerOf("alice"), before);
  t.is(await alice.statusOf("/user/alice/api"), 200);
  await lab.on(1, "docker service rm control");
});

test.serial(
  "a server has its user, its limits and its shared memory, and threads for its cores",
  async (t) => {
    t.is(await inServer("alice", "cat /sys/fs/cgroup/pids.max"), "200");
    t.is(await inServer("alice", "id -u; id -g"), "1000\n100");
    t.is(await inServer("alice", "df -B1M --output=size /dev/shm | tail -n 1"), "200");
    t.regex(
      await inServer("alice", "grep size /proc/1/limits"),
      /Max file size +10737418240 +10737418240 /,
    );
    t.is(
      await inServer("alice", "grep NoNewPrivs /proc/1/status"),
      "NoNewPrivs:\t1",
      "Engine 25 or later",
    );
    t.regex(await inServer("alice", "grep core /proc/1/limits"), /size +0 +0 /);
    t.is(await inServer("alice", "echo $OMP_NUM_THREADS $OPENBLAS_NUM_THREADS"), "1 1");
  },
);

test.serial(
  "variables and files of the class are in each server, and no secret is in hub.json",
  async (t) => {
    t.is(
      await inServer("alice", "echo $COURSE $TZ $API_KEY"),
      `geo-101 Europe/Berlin ${roomPassword}`,
    );
    t.is(await inServer("alice", "cat /opt/course/data.json"), '{"from": "teacher"}');
    await t.throwsAsync(() => inServer("alice", "echo x >/opt/course/data.json"));
    t.false((await lab.on(1, "cat /etc/swarmhub/hub.json")).includes(roomPassword));
    t.is(await lab.on(1, "stat -c %a /var/lib/swarmhub/secrets"), "700\n");
    const alice = await logIn("alice");
    t.teardown(() => alice.close());
    await alice.stop();
  },
);

test.serial(
  "a server of a stock image runs a cell, and what its user sets is there after a restart",
  async (t) => {
    const bob = await logIn("bob");
    t.teardown(() => bob.close());
    const { ready, output } = await bob.start(onStacks);
    t.true(ready, output);
    t.like(await probe("bob"), { ...works, opened: 404, saved: 201 });
    await inServer(
      "bob",
      "python3 -m ipykernel install --user --name own && python3 -m IPython profile create >/dev/null",
    );
    await inServer("bob", "mkdir -p ~/.jupyter/custom && echo 1 >~/.jupyter/custom/custom.css");
    await bob.stop();
    t.true((await bob.start(onStacks)).ready);
    t.like(await probe("bob"), { ...works, kernels: ["own", "python3"] });
    t.is(await inServer("bob", "cat ~/.jupyter/custom/custom.css"), "1");
  },
);

test.serial("in a home that fills up while its server runs, kernels still start", async (t) => {
  await put("bob", "unsigned.ipynb", notebook);
  await fill("bob", "dd if=/dev/zero of=big bs=64k");
  await fill("bob", "dd if=/dev/zero of=big2 bs=1k");
  // Jupyter notes when it last saw a notebook that it has saved and so trusts: one of these opens after the next start (DECISIONS).
  const found = await probe("bob", "unsigned.ipynb");
  t.like(found, { ...works, kernels: ["own", "python3"], saved: 500 });
});

test.serial("in a full home a server starts, says so, and its user can delete files", async (t) => {
  const bob = await logIn("bob");
  t.teardown(() => bob.close());
  await bob.stop();
  const { ready, output } = await bob.start(onStacks);
  t.true(ready, output);
  t.regex(output, /Your home folder is full \([\d.]+ of 60 MB\)\. You can open and delete files/);
  t.like(await probe("bob"), { ...works, kernels: ["own", "python3"], saved: 500 });
  const browser = await openBrowser(lab);
  t.teardown(() => browser.close());
  const page = await openJupyterLab(
    browser,
    `https://${lab.reachableAddress(1)}`,
    "bob",
    roomPassword,
  );
  const notice = page.locator("#swarmhub-notice");
  t.regex(await notice.innerText({ timeout: 60_000 }), /Your home folder is full/);
  await notice.locator("button").click();
  await notice.waitFor({ state: "detached" });
  await inServer("bob", "rm -f big big2");
  t.like(await probe("bob"), { cell: "42", saved: 200 });
  await bob.stop();
});

test.serial(
  "a broken home has a failed start, then a safe one that says what to repair",
  async (t) => {
    const carol = await logIn("carol");
    t.teardown(() => carol.close());
    t.true((await carol.start(onStacks)).ready);
    const version = await inServer("carol", 'python3 -c "import sys; print(sys.version_info[1])"');
    await carol.stop();
    await put("carol", "old.ipynb", notebook);
    await put(
      "carol",
      `.local/lib/python3.${version}/site-packages/traitlets/__init__.py`,
      "raise SystemExit(9)",
    );
    await put(
      "carol",
      ".local/share/jupyter/kernels/python3/kernel.json",
      '{"argv": ["/none"], "display_name": "dead", "language": "python"}',
    );
    await put("carol", ".ipython/profile_default/startup/00-exit.py", "import os; os._exit(1)");
    t.false((await carol.start(onStacks)).ready);
    t.regex(await carol.readPage("/hub/spawn-pending/carol"), /Start safely/);
    const { ready, output } = await carol.start("?opt-safe=1");
    t.true(ready, output);
    t.regex(output, /This is a safe start/);
    const commands = [...output.matchAll(/mv \/home\/jovyan\/\S+ \/home\/jovyan\/\S+-aside/g)].map(
      String,
    );
    t.is(new Set(commands).size, 3, output);
    t.like(await probe("carol"), works);
    t.is(await inServer("carol", "pwd; echo $HOME"), "/home/jovyan\n/tmp/home");
    for (const command of new Set(commands)) await inServer("carol", command);
    await carol.stop();
    const again = await carol.start(onStacks);
    t.true(again.ready, again.output);
    t.notRegex(again.output, /safe start/, "it is not kept for the next start");
    t.like(await probe("carol"), works);
    await carol.stop();
  },
);

test.serial(
  "a home is mounted where the image has that of its user, and an image that ends as root starts",
  async (t) => {
    const dora = await logIn("dora");
    t.teardown(() => dora.close());
    t.true((await dora.start("?opt-choice=rstudio")).ready);
    t.is(
      await inServer("dora", "id -un; pwd; echo $HOME; echo kept >~/note"),
      "rstudio\n/home/rstudio\n/home/rstudio",
    );
    t.is(await lab.on(1, `cat ${homes}/dora/note`), "kept\n");
    await dora.stop();
    const refused = await dora.start("?opt-choice=rooted");
    t.regex(refused.output, /does not offer that image/, "it is for staff only");
    const grace = await logIn("grace");
    t.teardown(() => grace.close());
    t.true((await grace.start("?opt-choice=rooted")).ready);
    t.is(await inServer("grace", "id -u; cat /sys/fs/cgroup/memory.max"), `1000\n${500 * 2 ** 20}`);
    t.regex(await grace.readPage("/hub/home"), /Your home: [\d.]+ of 80 MB/);
  },
);
