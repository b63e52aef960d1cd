import { writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { UserError } from "../../src/errors.js";
import { files } from "../../src/pieces/files.js";
import { classOf, describeSteps, planError, runAll } from "../support/class-of.js";
import { fakeFacts, fakeHost, fakeCluster } from "../support/fakes.js";
import { temporaryFolder } from "../support/temporary-folder.js";

const folder = temporaryFolder();

/** A manager of a Swarm with these configs, of which services use some. */
const managerWith = (stored: readonly { ID: string; Name: string }[], used: string[] = []) => {
  const changes: unknown[] = [];
  const docker = {
    info: async () => ({
      Swarm: { LocalNodeState: "active", NodeID: "n", ControlAvailable: true },
    }),
    listConfigs: async () => stored.map(({ ID, Name }) => ({ ID, Spec: { Name } })),
    listServices: async () => [
      {
        ID: "s",
        Spec: {
          Name: "geo-101-nb-ada",
          Labels: { "swarmhub.class": "geo-101" },
          TaskTemplate: { ContainerSpec: { Configs: used.map((ConfigID) => ({ ConfigID })) } },
        },
      },
    ],
    createConfig: async (options: unknown) => void changes.push(options),
    getConfig: (id: string) => ({ remove: async () => void changes.push(id) }),
  };
  const facts = fakeFacts({ units: { "docker.service": "active" } });
  return { manager: fakeHost("manager", { docker: docker as never, facts }), changes };
};

const classWithFiles = (
  manager: ReturnType<typeof fakeHost>,
  sources: Record<string, string>,
  language?: string,
) => {
  const cluster = fakeCluster(manager);
  cluster.config.servers.files = Object.entries(sources).map(([path, source]) => ({
    path,
    source: join(folder, source),
  }));
  if (language !== undefined) cluster.config.servers.language = language;
  return cluster;
};

const planFor = async (cluster: ReturnType<typeof classWithFiles>) =>
  files.plan(cluster.config, await files.inspect(cluster), cluster);

test("files and the language are stored once, by their content, and then there is nothing to do", async (t) => {
  writeFileSync(join(folder, "data.json"), "{}");
  const { manager, changes } = managerWith([]);
  const cluster = classWithFiles(
    manager,
    { "/opt/a.json": "data.json", "/opt/b.json": "data.json" },
    "de_DE",
  );
  const steps = await planFor(cluster);
  t.is(steps.length, 5, "two files with the same content are one config; the extension has three");
  await runAll(steps);
  const made = changes as { Name: string; Labels: object; Data: string }[];
  t.deepEqual(made[0]!.Labels, { "swarmhub.class": "geo-101" });
  t.regex(made[0]!.Name, /^geo-101-file-[0-9a-f]{16}$/);
  t.regex(Buffer.from(made[1]!.Data, "base64").toString(), /"locale":"de_DE"/);
  const after = managerWith(made.map(({ Name }, index) => ({ ID: `${index}`, Name })));
  const again = classWithFiles(after.manager, { "/opt/a.json": "data.json" }, "de_DE");
  t.deepEqual(describeSteps(await planFor(again)), []);
});

test("a file that no server uses any more is removed, and one in use stays; `down` removes all", async (t) => {
  const stored = [
    { ID: "1", Name: "geo-101-file-1" },
    { ID: "2", Name: "geo-101-file-2" },
  ];
  const { manager, changes } = managerWith(stored, ["2"]);
  const cluster = classWithFiles(manager, {});
  await runAll(await planFor(cluster));
  t.deepEqual(
    changes.filter((change) => typeof change === "string"),
    ["1"],
  );
  await runAll(files.remove(await files.inspect(cluster), cluster));
  t.deepEqual(changes.slice(-2), ["1", "2"]);
});

test("a missing, empty or large file is refused with its path, but does not block `down`", async (t) => {
  writeFileSync(join(folder, "empty"), "");
  writeFileSync(join(folder, "large"), "x".repeat(513_000));
  for (const [source, message] of [
    ["none", /none does not exist/],
    ["empty", /empty is empty/],
    ["large", /large has 513 kB, more than 500 kB/],
  ] as const) {
    const cluster = classWithFiles(managerWith([]).manager, { "/opt/x": source });
    const have = await files.inspect(cluster);
    t.true(have.wanted instanceof UserError);
    t.regex(planError(t, () => files.plan(cluster.config, have, cluster)).message, message);
    t.deepEqual(files.remove(have, cluster), []);
  }
});

test("every server has the extension of JupyterLab, in a folder that every image reads", async (t) => {
  const { manager, changes } = managerWith([]);
  const steps = await planFor(classWithFiles(manager, {}));
  const place = "/usr/local/share/jupyter/labextensions/swarmhub-class";
  const settings = "/usr/local/etc/jupyter/labconfig/default_setting_overrides.d/swarmhub.json";
  t.deepEqual(
    steps.map(({ title }) => title),
    [`${place}/package.json`, `${place}/static/class.js`, settings].map(
      (path) => `store the file ${path} of users' servers`,
    ),
  );
  await runAll(steps);
  const [manifest, script] = (changes as { Data: string }[]).map(({ Data }) =>
    Buffer.from(Data, "base64").toString(),
  );
  t.like(JSON.parse(manifest!), { jupyterlab: { _build: { load: "static/class.js" } } });
  t.regex(script!, /_JUPYTERLAB/);
});

test("a class without files has nothing to store", async (t) => {
  const cluster = classOf(1);
  t.deepEqual(files.plan(cluster.config, { wanted: [], stored: [] }, cluster), []);
});
