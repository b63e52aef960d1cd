import test from "ava";
import type { Host } from "../../../src/host/host.js";
import { inspectOwn } from "../../../src/images/own.js";
import { cleanup } from "../../../src/pieces/cleanup.js";
import { firewall } from "../../../src/pieces/firewall.js";
import { hubSpec } from "../../../src/pieces/hub/service.js";
import { hubConfiguration } from "../../../src/pieces/hub/settings.js";
import { packages } from "../../../src/pieces/packages.js";
import { quota } from "../../../src/pieces/quota.js";
import { storage } from "../../../src/pieces/storage.js";
import { classOf, machinesOf, describeSteps } from "../../support/class-of.js";
import { fakeFacts } from "../../support/fakes.js";
import { facts, mounted, nothing } from "../support/disk-states.js";

type Persistent = Parameters<typeof cleanup.plan>[1]["persistent"];
const temporary = (options = {}) =>
  classOf(1, { ...options, config: { storage: { kind: "temporary" } } });
const servers = { services: ["nb-ada"], volumes: new Map<Host, string[]>() };
/** The titles of the steps that release persistent homes. */
const release = (persistent: Persistent, cluster: ReturnType<typeof classOf>) =>
  describeSteps(
    cleanup.plan(cluster.config, { own: [], persistent, pulled: [], oldBuilds: [] }, cluster),
  );
const watcher = (container?: object) =>
  ({ facts: fakeFacts(), reference: "", imageId: undefined, container }) as never;

test("temporary homes need neither disk nor export nor watcher", (t) => {
  const cluster = temporary();
  const machines = machinesOf(cluster);
  t.deepEqual(storage.plan(cluster.config, { machines, disk: nothing }, cluster), []);
  t.deepEqual(quota.plan(cluster.config, watcher(), cluster), []);
  t.deepEqual(describeSteps(packages.plan(cluster.config, machines, cluster)), [
    "manager: install docker.io",
    "worker1: install docker.io",
  ]);
  t.true(firewall.plan(cluster.config, machines, cluster).length > 0);
});

test("the hub's settings have no storage, and the hub mounts none", (t) => {
  const cluster = temporary();
  const { content } = hubConfiguration(cluster.config, machinesOf(cluster), [], cluster);
  t.is((JSON.parse(content) as { storage: unknown }).storage, null);
  const { mounts = [] } = hubSpec(cluster.config, content, {}, "image", undefined);
  t.false(JSON.stringify(mounts).includes("nfs"));
});

test("the watcher's image is built nowhere", async (t) => {
  const cluster = temporary();
  cluster.manager.facts = async () => fakeFacts();
  const image = {
    name: "quota",
    reference: "swarmhub/quota:1",
    target: "quota",
    context: [],
  } as const;
  const own = await inspectOwn(cluster, [image]);
  t.deepEqual(
    own.map(({ wanted }) => wanted),
    [[]],
  );
});

test("persistent homes that became temporary stay on their disk, and servers that use them are stopped first", (t) => {
  const cluster = temporary();
  const volumes = new Map([
    [cluster.manager, ["swarmhub-storage-1f5a636f"]],
    [cluster.workers[0]!, ["swarmhub-home-ada-0123abcd"]],
  ]);
  const persistent = {
    servers: { ...servers, volumes },
    storage: { machines: machinesOf(cluster, facts), disk: mounted },
    quota: watcher({}),
  };
  t.deepEqual(release(persistent, cluster), [
    "manager: stop the server of one user",
    "worker1: remove the mounts of homes",
    "manager: stop the quota watcher",
    "manager: remove lost-node fencing",
    "manager: remove /etc/exports.d/swarmhub.exports",
    "manager: remove /etc/nfs.conf.d/swarmhub.conf",
    "manager: unmount /srv/swarmhub (homes stay on their disk)",
  ]);
});

test("without persistent homes no server is stopped", (t) => {
  const cluster = temporary();
  const persistent = {
    servers,
    storage: { machines: machinesOf(cluster), disk: nothing },
    quota: watcher(),
  };
  t.deepEqual(release(persistent, cluster), []);
  t.deepEqual(release(undefined, classOf(1)), []);
});
