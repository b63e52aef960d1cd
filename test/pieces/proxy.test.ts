import test from "ava";
import type { Config } from "../../src/config/types.js";
import { hubSpec } from "../../src/pieces/hub/service.js";
import { hubConfiguration } from "../../src/pieces/hub/settings.js";
import { proxy } from "../../src/pieces/proxy.js";
import type { ServiceSpec } from "../../src/swarm/service-spec.js";
import { classOf, describeSteps, machinesOf, runAll } from "../support/class-of.js";

const domain = "geo.example.org";
const one = { domain, subdomains: false };
const each = { domain, subdomains: true };
const update = "TaskTemplate.ContainerSpec.Labels.swarmhub.files";

/** The steps for a configuration, where Docker has the proxy of another one. */
const planAfter = async (before: Partial<Config>, after: Partial<Config>) => {
  let spec: ServiceSpec | undefined;
  const task = () => ({
    ID: "task",
    CreatedAt: "2026-11-21T00:00:00Z",
    DesiredState: "running",
    Spec: spec?.TaskTemplate,
    Status: { State: "running", ContainerStatus: { ContainerID: "c" } },
  });
  const docker = {
    getImage: () => ({ inspect: async () => ({ Id: "sha256:1" }) }),
    getNetwork: () => ({ inspect: async () => ({ Id: "network-id" }) }),
    createService: async (given: ServiceSpec) => void (spec = given),
    listTasks: async () => [task()],
  };
  const cluster = classOf(1, { config: before, docker: docker as never });
  const have = (present: ServiceSpec | undefined) => ({
    machines: machinesOf(cluster),
    image: "swarmhub/proxy:1",
    service: { present, running: present !== undefined, imageId: "sha256:1" },
  });
  await runAll(proxy.plan(cluster.config, have(undefined), cluster));
  Object.assign(cluster.config, after);
  const args = spec?.TaskTemplate.ContainerSpec["Args"];
  return { args, steps: describeSteps(proxy.plan(cluster.config, have(spec), cluster)) };
};

test("the proxy is told that there are subdomains, and changes both ways", async (t) => {
  const toEach = await planAfter(one, each);
  t.is(toEach.args, undefined, "a class without subdomains has the image's own command");
  t.deepEqual(toEach.steps, [
    `manager: update the service proxy (${update}, TaskTemplate.ContainerSpec.Args)`,
  ]);
  const toOne = await planAfter(each, one);
  t.deepEqual(toOne.args, ["node", "/app/proxy.mjs", "--host-routing"]);
  t.deepEqual(toOne.steps, [`manager: update the service proxy (${update})`]);
  for (const config of [one, each]) t.deepEqual((await planAfter(config, config)).steps, []);
});

test("the hub restarts when a class gets subdomains, or another name with them", (t) => {
  const hashOf = (config: Partial<Config>) => {
    const cluster = classOf(1, { config });
    const { fixedHash } = hubConfiguration(cluster.config, machinesOf(cluster), [], cluster);
    return hubSpec(cluster.config, fixedHash, {}, "swarmhub/hub:1", undefined).filesHash;
  };
  const hashes = [one, each, { ...each, domain: "bio.example.org" }].map(hashOf);
  t.is(new Set(hashes).size, 3);
  t.is(hashOf({ ...one, domain: "bio.example.org" }), hashOf(one));
});
