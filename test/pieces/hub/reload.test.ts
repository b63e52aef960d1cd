import { createHash } from "node:crypto";
import test from "ava";
import type { Config } from "../../../src/config/types.js";
import { UserError } from "../../../src/errors.js";
import { paths } from "../../../src/paths.js";
import { hub } from "../../../src/pieces/hub.js";
import { hubSpec } from "../../../src/pieces/hub/service.js";
import { reloadSteps } from "../../../src/pieces/hub/reload.js";
import { hubConfiguration } from "../../../src/pieces/hub/settings.js";
import { serviceSpec } from "../../../src/swarm/service-spec.js";
import { classOf, describeSteps, machinesOf, runAll } from "../../support/class-of.js";
import { fakeFacts } from "../../support/fakes.js";

const statusOf = (content: string, problem: string | null = null, needsRestart = false): string =>
  JSON.stringify({
    read: createHash("sha256").update(content).digest("hex"),
    problem,
    needsRestart,
  });

/** A class whose hub says this of its settings. */
const classThatSays = (said: string | (() => string), docker: object = {}) =>
  classOf(1, { answers: [[paths.hubSettingsStatus, said]], docker });

/** The plan of a class with two workers after `change`, whose hub runs with what the class was before. */
const planAfter = (change: (config: Config) => void, workers = 2): string[] => {
  const before = classOf(2);
  const { content, fixedHash } = hubConfiguration(
    before.config,
    machinesOf(before, { memory: 64 * 2 ** 30 }),
    [],
    before,
  );
  const spec = (hash: string) =>
    serviceSpec(hubSpec(before.config, hash, {}, "swarmhub/hub:1", "10.77.0.11"), "sha256:1");
  const cluster = classOf(workers);
  change(cluster.config);
  const files = {
    [paths.hubConfiguration]: content,
    [paths.hubSettingsStatus]: statusOf(content),
  };
  return describeSteps(
    hub.plan(
      cluster.config,
      {
        machines: machinesOf(cluster, { files, state: ["hub"], memory: 64 * 2 ** 30 }),
        image: "swarmhub/hub:1",
        service: { present: spec(fixedHash), running: true, imageId: "sha256:1" },
        userImages: [],
        servers: { services: [], volumes: new Map() },
        addressedServers: [],
        files: { wanted: [], stored: [] },
      },
      cluster,
    ),
  );
};

const bytes = (2 ** 29) as never;
for (const [what, change] of [
  ["the memory of servers", ({ servers }) => void (servers.memory = bytes)],
  ["the memory kept free for a server", ({ servers }) => void (servers.guarantee = bytes)],
  ["the cores of servers", ({ servers }) => void (servers.cpu = 0.5)],
  ["the time without use", ({ servers }) => void (servers.idle = 7_200_000 as never)],
  ["the image", ({ servers }) => void (servers.image = "r:1")],
  ["the first page", ({ servers }) => void (servers.start = "/tree")],
  ["the environment", ({ servers }) => void (servers.environment = { TZ: "UTC" })],
] as [string, (config: Config) => void][])
  test(`the running hub takes another value for ${what}, and no login waits`, (t) => {
    t.deepEqual(planAfter(change), [
      "manager: write /etc/swarmhub/hub.json (the hub takes it while it runs)",
    ]);
  });

test("the running hub takes another number of seats", (t) => {
  t.deepEqual(
    planAfter(() => {}, 3),
    ["manager: write /etc/swarmhub/hub.json (the hub takes it while it runs)"],
  );
  t.deepEqual(
    planAfter(() => {}),
    [],
  );
});

test("the plan says that logins pause if one of several changes restarts the hub", (t) => {
  const change = ({ servers, login }: Config): void => {
    servers.memory = bytes;
    login.admins = [];
  };
  t.deepEqual(planAfter(change), [
    "manager: write /etc/swarmhub/hub.json",
    "manager: update the service hub (TaskTemplate.ContainerSpec.Labels.swarmhub.files; logins pause for about half a minute, running servers go on)",
  ]);
});

test("the step waits until the hub has read the new file", async (t) => {
  let looks = 0;
  const said = () => (++looks === 1 ? statusOf("old") : statusOf("new"));
  const cluster = classThatSays(said);
  const files = { [paths.hubConfiguration]: "old", [paths.hubSettingsStatus]: statusOf("old") };
  await runAll(reloadSteps(cluster, fakeFacts({ files }), "new"));
  t.is(cluster.manager.files.get(paths.hubConfiguration), "new");
  t.is(looks, 2);
});

test("a hub that keeps its former settings is reported with its reason, by `up` and by `status`", async (t) => {
  const said = statusOf("new", "memory: must be a whole number of bytes, is null");
  const files = { [paths.hubConfiguration]: "new", [paths.hubSettingsStatus]: said };
  const steps = reloadSteps(classThatSays(said), fakeFacts({ files }), "new");
  t.deepEqual(describeSteps(steps), [
    "manager: write /etc/swarmhub/hub.json (not in force: memory: must be a whole number of bytes, is null)",
  ]);
  const error = await t.throwsAsync(async () => steps[0]?.run(() => {}), { instanceOf: UserError });
  t.is(
    error.message,
    "manager: /etc/swarmhub/hub.json is written but not in force: memory: must be a whole number of bytes, is null",
  );
  t.regex(error.hint ?? "", /swarmhub logs hub$/);
});

test("an `up` that was ended before the hub had read its file is continued", (t) => {
  const files = { [paths.hubConfiguration]: "new", [paths.hubSettingsStatus]: statusOf("old") };
  const steps = (facts: Record<string, string>) =>
    describeSteps(reloadSteps(classOf(1), fakeFacts({ files: facts }), "new"));
  t.deepEqual(steps(files), [
    "manager: write /etc/swarmhub/hub.json (not in force: the hub has not read it yet)",
  ]);
  t.deepEqual(steps({ ...files, [paths.hubSettingsStatus]: statusOf("new") }), []);
  // A hub without such a file has begun with this one.
  t.deepEqual(steps({ [paths.hubConfiguration]: "new" }), []);
  t.is(steps({ ...files, [paths.hubSettingsStatus]: "{" }).length, 1);
});

test("a hub that began with the file of an `up` that was ended starts again for another file", async (t) => {
  const stopped: string[] = [];
  const docker = {
    listContainers: async () => [{ Id: "hub-container" }],
    getContainer: (id: string) => ({ stop: async () => void stopped.push(id) }),
  };
  const said = () =>
    stopped.length === 0 ? statusOf("new", "some of its values need …", true) : statusOf("new");
  await runAll(reloadSteps(classThatSays(said, docker), fakeFacts({}), "new"));
  t.deepEqual(stopped, ["hub-container"]);
});
