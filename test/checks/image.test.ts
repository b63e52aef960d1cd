import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import type { OperatorMachine } from "../../src/checks/check.js";
import { imageCheck } from "../../src/checks/image.js";
import type { Docker } from "../../src/docker/client.js";
import { paths } from "../../src/paths.js";
import { classOf } from "../support/class-of.js";
import { fakeFacts } from "../support/fakes.js";
import { temporaryFolder } from "../support/temporary-folder.js";
import { contextOf, lines } from "./support/context.js";

const reference = "quay.io/jupyter/scipy-notebook:2026-11-02";

type Distribution = () => Promise<unknown>;
const unreachable: Distribution = async () => {
  throw new Error("dial tcp: lookup quay.io: no such host");
};

/** The findings for a class of two workers: those in `having` have the image; `fetch` and `distribution` are the registry's answers. */
const found = async (
  having: readonly string[],
  fetch: OperatorMachine["fetch"],
  distribution = unreachable,
): Promise<string[]> => {
  const cluster = classOf(2);
  for (const host of cluster.hosts) {
    host.facts = async () => fakeFacts({ units: { "docker.service": "active" } });
    host.docker = {
      getImage: () => ({
        distribution,
        inspect: async () => {
          if (having.includes(host.name)) return { Id: "sha256:1" };
          throw Object.assign(new Error("no such image"), { statusCode: 404 });
        },
      }),
    } as unknown as Docker;
  }
  return lines(await imageCheck.run(contextOf(cluster, { operator: { fetch } })));
};
const status = (code: number) => async () => new Response(null, { status: code });

test("no registry is asked for an image that every machine of users has", async (t) => {
  t.deepEqual(await found(["worker1", "worker2"], status(404)), [
    `ok: ${reference} is on every machine that takes users`,
  ]);
});

for (const [code, line] of [
  [200, `ok: ${reference} is available from quay.io`],
  [404, `error: ${reference} cannot be pulled: quay.io answers 404`],
  [503, `note: ${reference} could not be checked: quay.io gave no clear answer (503)`],
] as const)
  test(`a registry's ${code} has its own finding`, async (t) => {
    t.deepEqual(await found(["worker1"], status(code)), [line]);
  });

test("the answer of the manager's Docker takes precedence, since Docker will pull", async (t) => {
  const line = [`ok: ${reference} is available from its registry`];
  t.deepEqual(await found([], status(404), async () => ({})), line);
  const refused = Object.assign(new Error("(HTTP code 403)"), { json: { message: "denied: no" } });
  const answer = await found([], status(200), async () => Promise.reject(refused));
  t.deepEqual(answer, [`error: ${reference} cannot be pulled: its registry answers denied: no`]);
});

test("a build folder is checked here, and its error names the place in the configuration", async (t) => {
  const of = async (folder: string) => {
    const build = { folder, place: { file: "a.yaml", line: 5, column: 10 } };
    const cluster = classOf(1);
    cluster.manager.facts = async () => fakeFacts();
    Object.assign(cluster.config.servers, { image: folder, build });
    return lines(await imageCheck.run(contextOf(cluster, {})));
  };
  const [good] = await of("scripts/lab.d/notebook");
  t.regex(good ?? "", /^ok: scripts\/lab\.d\/notebook will be built on the manager: \d+ files/);
  t.regex(
    (await of("test/lab"))[0] ?? "",
    /^error: a\.yaml:5:10 {2}build folder test\/lab has no Dockerfile/,
  );
});

test("a line that the manager cannot build is an error before `up`", async (t) => {
  const folder = temporaryFolder();
  await writeFile(join(folder, "Dockerfile"), "FROM a\nRUN --mount=type=cache,target=/c true\n");
  const build = { folder, place: { file: "a.yaml", line: 5, column: 10 } };
  const of = async (docker: string) => {
    const cluster = classOf(1, { answers: [["docker buildx version", docker]] });
    cluster.manager.facts = async () => fakeFacts({ units: { "docker.service": "active" } });
    Object.assign(cluster.config.servers, { image: folder, build });
    return lines(await imageCheck.run(contextOf(cluster, {})));
  };
  t.regex(
    (await of("Docker version 26.1.5"))[0] ?? "",
    /^error: .*Dockerfile, line 2: RUN --mount needs/,
  );
  t.regex((await of("buildx v0.13.1"))[0] ?? "", /^ok: .* will be built on the manager/);
});

test("a registry of `registries` is asked with its login", async (t) => {
  const path = join(temporaryFolder(), "token");
  await writeFile(path, "s3cret\n");
  const cluster = classOf(1);
  const given: unknown[] = [];
  Object.assign(cluster.config, {
    registries: { "quay.io": { user: "ada", password: { kind: "file", path } } },
  });
  for (const host of cluster.hosts) {
    host.facts = async () => fakeFacts({ units: { "docker.service": "active" } });
    host.docker = {
      getImage: () => ({
        distribution: async (options: unknown) => void given.push(options),
        inspect: async () => Promise.reject(Object.assign(new Error("no"), { statusCode: 404 })),
      }),
    } as unknown as Docker;
  }
  t.deepEqual(lines(await imageCheck.run(contextOf(cluster, {}))), [
    `ok: ${reference} is available from its registry`,
  ]);
  t.like(given, [{ authconfig: { username: "ada", password: "s3cret" } }]);
});

test("what `up` found in an image of the class is a warning with what to write", async (t) => {
  const looks = [
    { image: reference, findings: ["it has no user 1000; write RUN useradd; then `up`"] },
    { image: "gone:1", findings: ["old; x"] },
  ];
  const cluster = classOf(0);
  const facts = { files: { [paths.imageLooks]: JSON.stringify({ looks }) } };
  const operator = { fetch: status(200) };
  cluster.manager.facts = async () => fakeFacts();
  const all = await imageCheck.run(contextOf(cluster, { facts, operator }));
  t.deepEqual(all.slice(1), [
    {
      level: "warning",
      text: `${reference}: it has no user 1000`,
      hint: "write RUN useradd; then `up`",
    },
  ]);
});
