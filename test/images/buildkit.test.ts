import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { exitCode } from "../../src/errors.js";
import { createHost } from "../../src/host/host.js";
import { buildWithBuildKit, builderOn, lacksBuildKit } from "../../src/images/buildkit.js";
import { buildScript } from "../../src/images/buildkit-script.js";
import { localTransport } from "../../src/transport/local.js";
import { shellProblems } from "../pieces/support/shell.js";
import { eventuallyTrue, isRunning } from "./support/processes.js";
import { fakeFacts, fakeHost, userError } from "../support/fakes.js";
import { temporaryFolder } from "../support/temporary-folder.js";

/** A real machine whose docker command is this script, and what the script left in the folder `left`. */
const machineWith = (t: ExecutionContext, docker: string) => {
  const root = temporaryFolder();
  const left = (name: string): string => readFileSync(join(root, name), "utf8");
  mkdirSync(join(root, "bin"));
  writeFileSync(join(root, "bin/docker"), `#!/bin/sh\ncd ${root}\n${docker}\n`);
  chmodSync(join(root, "bin/docker"), 0o755);
  const transport = localTransport();
  t.teardown(() => transport.close());
  const host = createHost(
    "manager",
    {
      ...transport,
      exec: (command, options) => transport.exec(`PATH=${root}/bin:$PATH ${command}`, options),
    },
    {} as never,
    { isRoot: true, facts: fakeFacts() },
  );
  const folder = join(root, "build");
  const lines: string[] = [];
  const build = (signal?: AbortSignal, idleMs?: number) =>
    buildWithBuildKit(host, Buffer.from("the context"), {
      builder: "buildx",
      tag: "built:1",
      labels: { "swarmhub.class": "geo 101" },
      logins: [{ username: "ada", password: "s3cret", serveraddress: "ghcr.io" }],
      proxy: { http: "http://geo:s3cret@p:1", https: "http://geo:s3cret@p:2", except: ["hub"] },
      progress: (text) => lines.push(text),
      signal,
      folder,
      ...(idleMs !== undefined && { idleMs }),
    });
  return { host, root, left, folder, lines, build };
};

const records = `[ "$1" = builder ] && exit
printf '%s\\n' "$@" >arguments
cat >context
stat -c %a build/docker >mode
cp "$DOCKER_CONFIG/config.json" config
env >environment`;

test("a build gets its context, the logins and the proxy in a folder of its own for this time, and shows its progress", async (t) => {
  const { left, folder, lines, build } = machineWith(
    t,
    `${records}\necho '#5 [base 2/7] RUN true' >&2; echo '#5 CACHED' >&2; echo '#6 [3/7] COPY a b' >&2`,
  );
  await build();
  t.is(
    left("arguments").trim().replaceAll("\n", " "),
    "buildx build --builder default --provenance=false --progress=plain --tag built:1 --label swarmhub.class=geo 101 -",
  );
  t.is(left("context"), "the context");
  t.is(left("mode"), "700\n");
  t.deepEqual(JSON.parse(left("config")), {
    auths: { "ghcr.io": { auth: Buffer.from("ada:s3cret").toString("base64") } },
    // From here the docker command gives it to the build.
    proxies: {
      default: {
        httpProxy: "http://geo:s3cret@p:1",
        httpsProxy: "http://geo:s3cret@p:2",
        noProxy: "hub",
      },
    },
  });
  t.notRegex(left("environment") + left("arguments"), /s3cret|YWRhOnMzY3JldA/);
  t.deepEqual(lines, ["instruction 2 of 7", "instruction 3 of 7"]);
  t.false(existsSync(folder));
});

test("a build that fails shows the builder's reason and its last lines, and leaves no login", async (t) => {
  const { folder, build } = machineWith(
    t,
    `${records}\nfor n in $(seq 30); do echo "#5 line $n" >&2; done; echo 'ERROR: failed to solve: exit code: 7' >&2; exit 1`,
  );
  const { message, code } = await userError(build());
  t.regex(message, /^cannot build built:1: failed to solve: exit code: 7\n {2}#5 line 12\n/);
  t.is(code, exitCode.failed);
  t.notRegex(message, /s3cret/);
  t.false(existsSync(folder));
});

test("a line that this machine's BuildKit does not know has its own hint", async (t) => {
  const { build } = machineWith(
    t,
    "cat >context; echo 'parse error line 3: unknown instruction: ID' >&2; exit 1",
  );
  t.regex((await userError(build())).hint ?? "", /# syntax=docker\/dockerfile:1/);
});

// Like docker with its plugin: a child does the work. In Perl, as a shell cannot trap a signal that it was started to ignore.
const working = `exec perl -e '
  my $child = fork // die;
  exec "sleep", "300" if !$child;
  $SIG{INT} = sub { kill "TERM", $child; waitpid $child, 0; exit 130 };
  open my $file, ">", "pids" or die; print $file "$$ $child\\n"; close $file;
  waitpid $child, 0'`;

for (const [how, isStopped] of [
  ["Ctrl-C", true],
  ["silence", false],
] as const)
  test(`${how} ends the build on the machine, with all of its processes, and removes its folder`, async (t) => {
    const { root, left, folder, build } = machineWith(t, `cat >context\n${working}`);
    const stop = new AbortController();
    const running = userError(isStopped ? build(stop.signal) : build(undefined, 2000));
    await eventuallyTrue(() => existsSync(join(root, "pids")) && left("pids").endsWith("\n"));
    const pids = left("pids").split(" ").map(Number);
    t.deepEqual(pids.map(isRunning), [true, true]);
    stop.abort();
    const { code, message } = await running;
    t.is(code, isStopped ? exitCode.interrupted : exitCode.failed);
    t.regex(message, isStopped ? /stopped/ : /no output for 2 s/);
    t.deepEqual(pids.map(isRunning), [false, false]);
    t.false(existsSync(folder));
  });

for (const [output, builder] of [
  [
    "github.com/docker/buildx 0.13.1 0.13.1+ds1-3\nDocker version 26.1.5+dfsg1, build a72d7cd",
    "buildx",
  ],
  ["github.com/docker/buildx v0.29.1 a1b2c3\nDocker version 29.0.1, build e", "buildx"],
  ["github.com/docker/buildx v0.9.1 ed00243\nDocker version 20.10.24, build 2", "built-in"],
  ["Docker version 20.10.24+dfsg1, build 297e128", "built-in"],
  ["Docker version 26.1.5+dfsg1, build a72d7cd", "classic"],
  ["", "classic"],
] as const)
  test(`the builder is ${builder} for: ${output.split("\n")[0]}`, async (t) => {
    t.is(
      await builderOn(fakeHost("manager", { answers: [["docker buildx version", output]] })),
      builder,
    );
  });

test("the question for the builder leaves nothing on the machine", async (t) => {
  const { host, left } = machineWith(
    t,
    'mkdir -p "$DOCKER_CONFIG" && echo id >"$DOCKER_CONFIG/.buildNodeID"; echo "$DOCKER_CONFIG" >asked',
  );
  await builderOn(host);
  t.false(existsSync(left("asked").trim()));
});

test("without BuildKit the line that needs it is named, with the package of this Docker", async (t) => {
  const from = { hash: "0", bytes: 0, files: 1, bases: [], context: async () => Buffer.from("") };
  const buildKit = { line: 7, what: "RUN --mount" };
  const refusal = async (docker: string, packages: Record<string, string>, more = {}) =>
    lacksBuildKit(
      fakeHost("manager", { answers: [["buildx", docker]], facts: fakeFacts({ packages }) }),
      "/class/image",
      { ...from, ...more },
    );
  const error = await refusal("Docker version 26.1.5", { "docker.io": "26" }, { buildKit });
  t.is(
    error?.message,
    "manager: /class/image/Dockerfile, line 7: RUN --mount needs BuildKit, which this machine does not have",
  );
  t.regex(error?.hint ?? "", /apt-get install docker-buildx`/);
  const ce = await refusal("Docker version 26.1.5", { "docker-ce": "26" }, { buildKit });
  t.regex(ce?.hint ?? "", /apt-get install docker-buildx-plugin`/);
  t.is(await refusal("Docker version 26.1.5", {}), undefined);
  t.is(await refusal("buildx 0.13.1", {}, { buildKit }), undefined);
});

test("the script of a build passes `sh -n` and shellcheck", (t) => {
  for (const builder of ["buildx", "built-in"] as const)
    t.is(shellProblems(buildScript({ folder: "/a", builder, tag: "a:1", labels: { a: "b" } })), "");
});
