import { mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { waitUntil } from "../../src/wait.js";
import { bootLab, workshop } from "./support/lab.js";
import { logInWithRetry } from "./support/user.js";
import { buildUserImages } from "./support/user-image.js";

// A class whose image is built from a folder. Each test continues from the previous one.
const lab = await bootLab("e2e-build", 2, 2048, { prepared: true });
const { swarmhub, start, folder } = await workshop(
  lab,
  `name: build
manager: node1
workers: [node2]
storage: temporary
login: {shared-password: from-env ROOM_PASSWORD}
servers: {build: ./image, memory: 400M, cpu: 1}
engine: {registry-mirrors: ["http://${lab.registry}"]}
`,
);
const address = `https://${lab.address(1)}`;
const dockerfile = (line: string) =>
  writeFile(
    join(folder, "image/Dockerfile"),
    `FROM ${lab.image}\nCOPY word /word\nUSER root\n${line}\nUSER 1000:100\n`,
  );
/** The images, containers, volumes, rules, listeners and files of a machine that the class may change. */
const stateOf = (guest: number): Promise<string> =>
  lab.on(
    guest,
    `docker images --format '{{.Repository}}:{{.Tag}}' | sort; docker ps -aq; docker volume ls -q; iptables -S | grep SWARMHUB; ss -Hltn | grep :20500; ls -d /etc/swarmhub /var/lib/swarmhub /etc/systemd/system/swarmhub* 2>/dev/null; true`,
  );
const before = { 1: await stateOf(1), 2: await stateOf(2) };

/** Runs a command in a user's server, which is on the worker. */
const inside = async (user: string, script: string): Promise<string> => {
  const container = (await lab.on(2, `docker ps -q -f name=nb-${user}`)).trim();
  return lab.on(2, `docker exec ${container} sh -c '${script}'`);
};
const builtOn = async (guest: number): Promise<number> =>
  (await lab.on(guest, "docker images --format '{{.Repository}}'"))
    .split("\n")
    .filter((name) => name === "127.0.0.1:20500/swarmhub/built").length;

test.after.always(() => lab.lab("down"));

test.serial(
  "a folder without a Dockerfile is an error with its line and column, and nothing is changed",
  async (t) => {
    const { code, stderr } = await swarmhub("up", "--yes");
    t.is(code, 2, stderr);
    t.regex(stderr, /swarmhub\.yaml:6:18 {2}build folder .*\/image has no Dockerfile/);
    t.is(await stateOf(1), before[1]);
  },
);

test.serial(
  "without BuildKit the line that needs it is refused, and nothing is changed",
  async (t) => {
    await mkdir(join(folder, "image"));
    await writeFile(join(folder, "image/word"), "one\n");
    await dockerfile("RUN <<EOF\necho once >/made\nEOF");
    const { code, stderr } = await swarmhub("up", "--yes");
    t.is(code, 3, stderr);
    t.regex(stderr, /image\/Dockerfile, line 4: RUN <<EOF needs BuildKit/);
    t.regex(stderr, /sudo apt-get install docker-buildx/);
    t.is(await stateOf(1), before[1]);
  },
);

test.serial("a build that fails shows its last lines, and leaves no image", async (t) => {
  await dockerfile("RUN echo this fails; exit 7");
  const { code, stderr, ms } = await swarmhub("up", "--yes");
  t.log(`until it failed: ${Math.round(ms / 1000)} s`);
  t.is(code, 1, stderr);
  t.regex(stderr, /build the image of [^]*returned a non-zero code: 7[^]*this fails/);
  t.is(await builtOn(1), 0);
});

test.serial("with BuildKit, too, a build that fails shows its last lines", async (t) => {
  await lab.on(
    1,
    "apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends docker-buildx",
  );
  const { code, stderr } = await swarmhub("up", "--yes");
  t.is(code, 1, stderr);
  t.regex(stderr, /build the image of [^]*exit code: 7[^]*this fails/);
  t.is(await builtOn(1), 0);
  t.is(await buildsOn(1), "");
});

/** The processes of builds on a machine, and the folder of a running one. */
const buildsOn = (guest: number): Promise<string> =>
  lab.on(
    guest,
    "pgrep -af '^sleep 3071|^docker.* build |[d]ocker-buildx buildx build'; ls -d /var/lib/swarmhub/build 2>/dev/null; true",
  );

for (const signal of ["SIGINT", "SIGKILL"] as const)
  test.serial(`a build ends on the machine after ${signal} to swarmhub`, async (t) => {
    await dockerfile("RUN sleep 3071");
    const run = start("up", "--yes", "--break-lock");
    let stderr = "";
    run.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
    const ended = new Promise<number | null>((resolve) => {
      run.once("close", resolve);
    });
    const until = (condition: (builds: string) => boolean, deadline: number) =>
      waitUntil(async () => (condition(await buildsOn(1)) ? true : undefined), {
        deadline,
        every: 500,
        otherwise: async () => new Error(`builds on the machine: ${await buildsOn(1)}\n${stderr}`),
      });
    await until((builds) => builds.includes("sleep 3071"), 300_000);
    const killed = performance.now();
    run.kill(signal);
    await until((builds) => builds === "", 30_000);
    t.log(`${signal}: nothing was left after ${Math.round(performance.now() - killed)} ms`);
    const code = await ended;
    t.is(await builtOn(1), 0);
    if (signal === "SIGKILL") return;
    t.is(code, 130, stderr);
    t.regex(stderr, /interrupted (?:in|before) images[^]*build the image of /);
  });

// The line EOF ends the heredoc of the Dockerfile.
const modern = `RUN --mount=type=cache,target=/cache <<EOF
set -e
echo once >/made
touch /cache/kept
EOF
COPY --chmod=751 word /mode
ARG TARGETARCH
RUN test -n "$TARGETARCH"`;

test.serial(
  "an image with a heredoc and a cache mount is built once, and a server starts from it on the worker",
  async (t) => {
    await dockerfile(modern);
    const { code, stderr, ms } = await swarmhub("up", "--yes", "--break-lock");
    t.log(`up took ${Math.round(ms / 1000)} s`);
    t.log(stderr);
    t.is(code, 0, stderr);
    const again = await swarmhub("up");
    t.regex(again.stderr, /nothing had to change/, again.stderr);
    const anna = await logInWithRetry(address, "anna");
    const started = await anna.start();
    t.log(`anna's server was ready after ${started.ms} ms`);
    t.true(started.ready, started.output);
    t.is(await inside("anna", "cat /made /word; stat -c %a /mode"), "once\none\n751\n");
    t.is((await swarmhub("status")).code, 0);
  },
);

test.serial("neither a user's server nor another machine reaches the registry", async (t) => {
  const program = `import socket, sys
for host in ["127.0.0.1", "registry", "${lab.address(1)}", "${lab.address(2)}", "172.18.0.1"]:
    try:
        socket.create_connection((host, 20500), 3).close()
        print("reached", host)
    except OSError as error:
        pass
print("done")`;
  const container = (await lab.on(2, "docker ps -q -f name=nb-anna")).trim();
  await lab.write(2, "/root/connect.py", program);
  t.is(
    await lab.on(2, `docker exec -i ${container} python3 - </root/connect.py; rm /root/connect.py`),
    "done\n",
  );
  // The worker itself reaches it.
  t.is(await lab.on(2, "curl -s -o /dev/null -w '%{http_code}' http://127.0.0.1:20500/v2/"), "200");
  t.regex(await statusOutside(), /^(000)?$/);
});

/** The HTTP status that this machine gets, which is not in the class. */
const statusOutside = async (): Promise<string> => {
  const { execFile } = await import("node:child_process");
  return new Promise((resolve) => {
    const url = `http://${lab.address(1)}:20500/v2/`;
    const options = ["-s", "-m", "4", "-o", "/dev/null", "-w", "%{http_code}", url];
    execFile("curl", options, (_error, stdout) => resolve(stdout));
  });
};

test.serial(
  "a changed file makes a new image for new servers, and a running server keeps its image",
  async (t) => {
    const container = (await lab.on(2, "docker ps -q -f name=nb-anna")).trim();
    await writeFile(join(folder, "image/word"), "two\n");
    const { code, stderr, ms } = await swarmhub("up");
    t.log(`up with a changed file took ${Math.round(ms / 1000)} s`);
    t.is(code, 0, stderr);
    t.regex(stderr, /1 server runs an outdated image \(anna\)/);
    t.is((await lab.on(2, "docker ps -q -f name=nb-anna")).trim(), container);
    const status = await swarmhub("status");
    t.is(status.code, 0, status.stdout);
    t.regex(status.stdout, /1 server runs an outdated image \(anna\)/);
    const bob = await logInWithRetry(address, "bob");
    t.true((await bob.start()).ready);
    t.is(await inside("bob", "cat /word"), "two\n");
    t.is(await inside("anna", "cat /word"), "one\n");
    t.deepEqual([await builtOn(1), await builtOn(2)], [2, 2]);
  },
);

test.serial("an image that is no longer used is removed, also from the registry", async (t) => {
  const tags = () =>
    lab.on(
      1,
      "ls /var/lib/swarmhub/registry/docker/registry/v2/repositories/swarmhub/built/_manifests/tags | wc -l; du -sk /var/lib/swarmhub/registry | cut -f1",
    );
  const anna = await logInWithRetry(address, "anna");
  await anna.stop();
  await waitUntil(
    async () => ((await lab.on(2, "docker ps -aq -f name=nb-anna")) === "" ? true : undefined),
    { deadline: 90_000, every: 1000, otherwise: () => new Error("anna's server still runs") },
  );
  t.log(`the registry before: ${(await tags()).replaceAll("\n", " ")}`);
  const { code, stderr } = await swarmhub("up");
  t.is(code, 0, stderr);
  t.log(`the registry after: ${(await tags()).replaceAll("\n", " ")}`);
  t.regex(await tags(), /^1\n/);
  t.deepEqual([await builtOn(1), await builtOn(2)], [1, 1]);
  t.regex((await swarmhub("up")).stderr, /nothing had to change/);
  // An image that was removed from the registry can be built again.
  await writeFile(join(folder, "image/word"), "one\n");
  const again = await swarmhub("up");
  t.is(again.code, 0, again.stderr);
  t.true((await anna.start()).ready);
  t.is(await inside("anna", "cat /word"), "one\n");
});

test.serial("requirements.txt alone makes an image on the default image", async (t) => {
  // The machines of the lab cannot reach the registry of the default image; like that one, this image has pip.
  const byDefault = "quay.io/jupyter/scipy-notebook:2026-11-02";
  const { stacks } = await buildUserImages(lab, ["stacks"]);
  await lab.on(1, `docker pull -q ${stacks} && docker tag ${stacks} ${byDefault}`);
  await rename(join(folder, "image/Dockerfile"), join(folder, "Dockerfile"));
  await writeFile(join(folder, "image/requirements.txt"), "--no-index\njupyterlab\n");
  t.regex((await swarmhub("plan")).stdout, /with a Dockerfile made from requirements.txt/);
  t.regex((await swarmhub("images", "ls")).stdout, /FROM quay.io\/jupyter\/scipy-notebook/);
  const { code, stderr } = await swarmhub("up");
  t.is(code, 0, stderr);
  const carl = await logInWithRetry(address, "carl");
  t.true((await carl.start()).ready);
  t.is(await inside("carl", "cat /opt/image/word"), "one\n");
  await carl.stop();
  await rename(join(folder, "Dockerfile"), join(folder, "image/Dockerfile"));
  await lab.on(1, `docker rmi ${byDefault} ${stacks}`);
});

test.serial("down leaves nothing, even after a failed build and without the folder", async (t) => {
  await dockerfile("RUN echo half >/half\nRUN exit 9");
  t.is((await swarmhub("up")).code, 1);
  await rename(join(folder, "image"), join(folder, "elsewhere"));
  const { code, stderr, ms } = await swarmhub("down", "--yes");
  t.log(`down took ${Math.round(ms / 1000)} s`);
  t.is(code, 0, stderr);
  for (const guest of [1, 2] as const) t.is(await stateOf(guest), before[guest]);
});
