import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { createLimiter } from "../../src/transport/limiter.js";
import { waitUntil } from "../../src/wait.js";
import { closeNotice, openBrowser, openJupyterLab } from "./support/browser.js";
import { classIn, guestOf } from "./support/class.js";
import { homesIn } from "./support/homes/inside.js";
import { roomPassword, workshop } from "./support/lab.js";
import { type Probe, probe as probeIn, works } from "./support/probe.js";
import { buildKitFolder, buildUserImages } from "./support/user-image.js";
import { changeTo, warmClass } from "./support/warm-class.js";

// Servers from an image with the traits of those that people use.
const lab = await warmClass("e2e-images", { machines: 3, memory: 2304 });
const images = await buildUserImages(lab, [
  "healthcheck",
  "stacks",
  "rstudio",
  "rooted",
  "kernels",
  "uid1001",
  "old",
]);
const shop = await workshop(
  lab,
  `name: warm
manager: node1
workers: [node2, node3]
storage: {device: /dev/ubdb, quota: 60M}
login:
  shared-password: from-env ROOM_PASSWORD
  groups: {staff: {members: [grace], memory: 500M, quota: 80M, images: [rooted]}}
servers:
  images:
    - {name: check, image: "${images.healthcheck}"}
    - {name: stacks, image: "${images.stacks}"}
    - {name: rstudio, image: "${images.rstudio}"}
    - {name: rooted, image: "${images.rooted}"}
    - {name: kernels, image: "${images.kernels}"}
    - {name: uid1001, image: "${images.uid1001}"}
    - {name: old, image: "${images.old}"}
    - {name: buildkit, build: ./buildkit}
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

const probe = (user: string, notebook = "old.ipynb"): Promise<Probe> =>
  probeIn(lab, user, notebook);

/** Writes a file into a home as its user. */
const put = (user: string, path: string, content: string): Promise<string> =>
  lab.on(
    1,
    `cd ${homes}/${user} && setpriv --reuid 1000 --regid 100 --clear-groups sh -c 'mkdir -p "$(dirname ${path})" && cat >${path}' <<'END'
${content}
END`,
  );

/** Fills a home to its last bytes, as its user. */
const fillUp = (user: string): Promise<string> =>
  fill(user, "sh -c 'dd if=/dev/zero of=big bs=64k; dd if=/dev/zero of=big2 bs=1k'");

// The link of a start with an image; without one, the page asks which.
const onStacks = "?opt-choice=stacks";
const notebook = '{"cells":[],"metadata":{},"nbformat":4,"nbformat_minor":5}';

test.before(async () => {
  await writeFile(join(shop.folder, "data.json"), '{"from": "teacher"}\n');
  await buildKitFolder(join(shop.folder, "buildkit"), images.stacks);
  // The machines of a warm class have Docker without BuildKit; on a blank one `up` installs both.
  await lab.on(
    1,
    "apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends docker-buildx",
  );
  await changeTo(shop);
});

test.after.always(async () => {
  await lab.lab("down");
});

/** What `up` must find in each image, as the beginnings of the lines. */
const findings: Record<string, string[]> = {
  [images.healthcheck]: [],
  [images.stacks]: [],
  [images.rstudio]: [],
  [images.rooted]: [],
  [images.kernels]: [
    "its kernel course is in /home/jovyan, where the homes of the users are mounted; ",
    "README.md, course, data.csv in /home/jovyan cannot be seen, ",
  ],
  [images.uid1001]: ["it has no user 1000, so git, ssh and whoami fail in it; "],
  [images.old]: ["its jupyterhub 4.1.6 is older than the hub's; "],
  [join(shop.folder, "buildkit")]: [],
};

test.serial("up has tried each image, says what it found, and tries none twice", async (t) => {
  const { stdout } = await swarmhub("images", "ls", "--json");
  type Listed = { image: string; home: string; packages: object; findings: string[] };
  const listed = JSON.parse(stdout) as Listed[];
  t.deepEqual(listed.map((each) => each.image).toSorted(), Object.keys(findings).toSorted());
  for (const [name, lines] of Object.entries(findings)) {
    const found = listed.find((each) => each.image === name);
    t.is(found?.findings.length, lines.length, `${name}: ${found?.findings.join("\n")}`);
    for (const line of lines)
      t.true(
        found?.findings.some((each) => each.startsWith(line)),
        `${name}: ${line}`,
      );
  }
  const of = (name: string): Listed => listed.find((each) => each.image === name)!;
  t.like(of(images.stacks), { home: "/home/jovyan", packages: { jupyterhub: "6.1.1" } });
  t.is(of(images.rstudio).home, "/home/rstudio");
  t.regex((await swarmhub("up")).stderr, /nothing had to change/);
});

test.serial("check warns of what up has found in the images", async (t) => {
  const { stdout, stderr } = await swarmhub("check");
  const said = `${stdout}${stderr}`.replaceAll(/\s+/g, " ");
  for (const [name, lines] of Object.entries(findings))
    for (const line of lines)
      t.true(said.includes(`${name}: ${line.split(";")[0]?.trimEnd()}`), `${line}\n${said}`);
});

test.serial("the health check of an image does not end the servers of its users", async (t) => {
  // The same image as a service of its own shows that its check does end a task.
  const list = "docker service ps --no-trunc --format '{{.CurrentState}}' control";
  await lab.on(
    1,
    `docker service create -d --name control --constraint node.role==worker --restart-condition none ${images.healthcheck} sleep 600`,
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
  // With a cell, as Jupyter knows a notebook by its content, and it has already saved an empty one.
  const cell =
    '{"cell_type":"code","metadata":{},"source":"1","outputs":[],"execution_count":null}';
  await put("bob", "unsigned.ipynb", notebook.replace("[]", `[${cell}]`));
  await fillUp("bob");
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
  await closeNotice(page, /Your home folder is full/);
  await inServer("bob", "rm -f big big2");
  t.like(await probe("bob"), { cell: "42", saved: 200 });
  await bob.stop();
});

test.serial("an image for a group is for its members only, with their limits", async (t) => {
  const dora = await logIn("dora");
  t.teardown(() => dora.close());
  t.regex((await dora.start("?opt-choice=rooted")).output, /does not offer that image/);
  const grace = await logIn("grace");
  t.teardown(() => grace.close());
  t.true((await grace.start("?opt-choice=rooted")).ready);
  t.is(await inServer("grace", "cat /sys/fs/cgroup/memory.max"), `${500 * 2 ** 20}`);
  t.regex(await grace.readPage("/hub/home"), /Your home: [\d.]+ of 80 MB/);
  await grace.stop();
});

// The tests below run side by side, each with a user of its own; two machines start no more than this at a time.
const inTurn = createLimiter(3);

test("a broken home has a failed start, then a safe one that says what to repair", async (t) =>
  inTurn(async () => {
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
  }));

/** One user for each image; the home and the kernels are those that a server must have. */
const people = {
  rstudio: { user: "dora", home: "/home/rstudio", kernels: ["python3"] },
  rooted: { user: "grace", home: "/home/jovyan", kernels: ["python3"] },
  kernels: { user: "hugo", home: "/home/jovyan", kernels: ["elsewhere", "python3"] },
  uid1001: { user: "ines", home: "/home/jovyan", kernels: ["python3"] },
  old: { user: "jack", home: "/home/jovyan", kernels: ["python3"] },
  buildkit: { user: "kim", home: "/home/jovyan", kernels: ["built", "python3"] },
};

for (const [choice, { user, home, kernels }] of Object.entries(people))
  test(`a server of the image ${choice} runs a cell, in a full home and safely too`, async (t) =>
    inTurn(async () => {
      const someone = await logIn(user);
      t.teardown(() => someone.close());
      const start = async (option = ""): Promise<string> => {
        const { ready, output } = await someone.start(`?opt-choice=${choice}${option}`);
        t.true(ready, output);
        return output;
      };
      await start();
      t.like(await probe(user), { ...works, kernels, opened: 404, saved: 201 });
      t.is(await inServer(user, "id -u; echo $HOME; echo kept >~/note"), `1000\n${home}`);
      t.is(await lab.on(1, `cat ${homes}/${user}/note`), "kept\n");
      t.regex(await someone.readPage(`/user/${user}/lab`), /JupyterLab/);
      await someone.stop();
      await fillUp(user);
      t.regex(await start(), /Your home folder is full/);
      t.like(await probe(user), { ...works, kernels, saved: 500 });
      await someone.stop();
      const safe = await start("&opt-safe=1");
      t.regex(safe, new RegExp(`This is a safe start: .* Your files are in ${home}\\.`));
      t.like(await probe(user), { ...works, kernels, saved: 500 });
      t.is(await inServer(user, `echo $HOME; cat ${home}/note`), "/tmp/home\nkept");
      if (choice === "buildkit")
        t.is(
          await inServer(user, "course; stat -c %a /usr/local/bin/course"),
          "the tool of the course\n755",
        );
      await someone.stop();
    }));
