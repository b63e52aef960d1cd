import { spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir, uptime as uptimeNow } from "node:os";
import { join } from "node:path";
import test from "ava";
import { watcherStatusText } from "../../contracts/watcher-status.js";
import { configuredLimits, limitsFile } from "../../src/homes/set-limits.js";
import { paths } from "../../src/paths.js";
import { quota } from "../../src/pieces/quota.js";
import { watcherStatus } from "../contracts/support/examples.js";
import { classOf, describeSteps } from "../support/class-of.js";
import { fakeConfig, fakeFacts, persistentStorage } from "../support/fakes.js";

/** A container as Docker 26 shows it, of the spec that the piece itself creates, with defaults filled in. */
const createdBy = async () => {
  const specs: Record<string, unknown>[] = [];
  const { step } = started('{"homes": 0}', (spec) => void specs.push(spec));
  await step?.run(() => {});
  const { Labels, Healthcheck, HostConfig } = specs[0] as {
    Labels: Record<string, string>;
    Healthcheck: { Test: string[] };
    HostConfig: Record<string, unknown>;
  };
  return {
    Image: "sha256:1",
    State: { Running: true },
    Config: {
      Env: ["PATH=/usr/bin"],
      Labels,
      Healthcheck,
      Image: "swarmhub/quota:0123456789ab",
    },
    HostConfig: {
      ...HostConfig,
      RestartPolicy: { Name: "always", MaximumRetryCount: 0 },
      Privileged: false,
      CpuShares: 0,
    },
  };
};

test("the container has the rights that the watcher needs, and no network", async (t) => {
  const { Config, HostConfig } = await createdBy();
  t.deepEqual(Config.Labels, { "swarmhub.class": "geo-101" });
  t.deepEqual(HostConfig, {
    Binds: ["/srv/swarmhub:/srv/swarmhub"],
    NetworkMode: "none",
    RestartPolicy: { Name: "always", MaximumRetryCount: 0 },
    CapDrop: ["ALL"],
    CapAdd: ["CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_MKNOD", "CAP_SYS_ADMIN"],
    SecurityOpt: ["no-new-privileges"],
    ReadonlyRootfs: true,
    UsernsMode: "host",
    PidsLimit: 64,
    Memory: 268435456,
    LogConfig: { Type: "json-file", Config: { "max-file": "3", "max-size": "10m" } },
    Privileged: false,
    CpuShares: 0,
  });
});

type Created = Awaited<ReturnType<typeof createdBy>>;

const have = (
  container: unknown,
  limits = limitsFile(configuredLimits(persistentStorage(), fakeConfig().login)),
  hasFormer = false,
) =>
  ({
    facts: fakeFacts({ files: { [paths.limits]: limits } }),
    reference: "swarmhub/quota:0123456789ab",
    imageId: "sha256:1",
    container,
    hasFormer,
  }) as never;
const plan = (container: unknown, cluster = classOf(1)) =>
  describeSteps(quota.plan(cluster.config, have(container), cluster));

test("the watcher is started on the machine with the homes", (t) => {
  t.deepEqual(plan(undefined), ["manager: start the quota watcher"]);
  t.deepEqual(plan(undefined, classOf(1, { server: true })), ["server: start the quota watcher"]);
});

test("a watcher without differences is left alone", async (t) => {
  t.deepEqual(plan(await createdBy()), []);
});

const restart = (differences: string) => [`manager: restart the quota watcher (${differences})`];
const drift: [string, string, (container: Created) => unknown][] = [
  ["does not run", "not running", (was) => ({ ...was, State: { Running: false } })],
  ["is of another image", "image", (was) => ({ ...was, Image: "sha256:0" })],
  [
    "watches for another class",
    "Labels.swarmhub.class",
    (was) => ({ ...was, Config: { ...was.Config, Labels: {} } }),
  ],
  [
    "has no health check",
    "Healthcheck.Test, Healthcheck.Interval, Healthcheck.Timeout, Healthcheck.StartPeriod, Healthcheck.Retries",
    ({ Config: { Healthcheck: _, ...config }, ...was }) => ({ ...was, Config: config }),
  ],
  [
    "has a network",
    "HostConfig.NetworkMode",
    (was) => ({ ...was, HostConfig: { ...was.HostConfig, NetworkMode: "bridge" } }),
  ],
];
for (const [what, detail, change] of drift)
  test(`a watcher that ${what} is restarted`, async (t) => {
    t.deepEqual(plan(change(await createdBy())), restart(detail));
  });

test("limits.json is written where it differs", async (t) => {
  const cluster = classOf(0, {
    answers: [["mountpoint -q /srv/swarmhub", ""]],
    config: { storage: persistentStorage({ files: 1000 }) },
  });
  const [step, ...more] = quota.plan(cluster.config, have(await createdBy()), cluster);
  t.deepEqual(describeSteps(step ? [step] : []), ["manager: write /srv/swarmhub/limits.json"]);
  t.deepEqual(more, []);
  await step?.run(() => {});
  t.regex(cluster.manager.asked.join(), /set -e\nmountpoint -q .*"files": 1000/s);
});

test("the homes of a group's users have the group's quota, also under their former names", (t) => {
  const { login } = fakeConfig();
  const storage = persistentStorage();
  storage.quota.groups = { staff: (50 * 2 ** 30) as never };
  login.groups = { staff: ["eve@example.org", "ada"], tutors: ["bob"] };
  t.deepEqual(configuredLimits(storage, login), {
    bytes: 5 * 2 ** 30,
    files: 200_000,
    homes: {
      ada: { bytes: 50 * 2 ** 30 },
      "eve-examp---39f2b0c720afb91f": { bytes: 50 * 2 ** 30 },
      "eve-example-org---39f2b0c7": { bytes: 50 * 2 ** 30 },
    },
    groups: storage.quota.groups,
    trashDays: 30,
  });
});

test("the health check is healthy while the status is less than two minutes old by the uptime", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "swarmhub-health-"));
  t.teardown(() => rm(folder, { recursive: true }));
  const [, script = ""] = (await createdBy()).Config.Healthcheck.Test;
  const local = script.replaceAll(paths.storage, folder);
  const isHealthy = async (uptime: number): Promise<boolean> => {
    await writeFile(join(folder, "watcher.json"), watcherStatusText({ ...watcherStatus, uptime }));
    return spawnSync("sh", ["-c", local]).status === 0;
  };
  t.not(spawnSync("sh", ["-c", local]).status, 0, "without a status");
  const now = Math.floor(uptimeNow());
  t.true(await isHealthy(now));
  t.true(await isHealthy(now - 110));
  t.false(await isHealthy(now - 121));
  t.false(await isHealthy(now + 60), "of another boot");
});

test("a watcher of the former name is removed by the step that starts its successor, and by `down`", async (t) => {
  const removed: string[] = [];
  const docker = {
    getContainer: (name: string) => ({ remove: async () => void removed.push(name) }),
    createContainer: async () => {
      t.deepEqual(removed, ["geo-101-quota", "swarmhub-quota"]);
      return { start: async () => {} };
    },
  };
  const cluster = classOf(0, {
    docker: docker as never,
    answers: [
      ["rm -f", ""],
      ["watcher.json", '{"homes": 0}'],
    ],
  });
  const title = "manager: restart the quota watcher (name)";
  const former = have(undefined, undefined, true);
  const steps = quota.plan(cluster.config, former, cluster);
  t.deepEqual(describeSteps(steps), [title]);
  await steps[0]?.run(() => {});
  const both = have(await createdBy(), undefined, true);
  t.deepEqual(describeSteps(quota.plan(cluster.config, both, cluster)), [title]);
  t.deepEqual(describeSteps(quota.remove(former, cluster)), ["manager: stop the quota watcher"]);
});

test("`down` stops the watcher, and does nothing where there is none", async (t) => {
  const cluster = classOf(1);
  t.deepEqual(describeSteps(quota.remove(have(await createdBy()), cluster)), [
    "manager: stop the quota watcher",
  ]);
  t.deepEqual(describeSteps(quota.remove(have(undefined), cluster)), []);
});

const started = (status: string, onCreate: (spec: Record<string, unknown>) => void = () => {}) => {
  const done: string[] = [];
  let written = "old";
  const docker = {
    getContainer: () => ({ remove: async () => void done.push("remove") }),
    createContainer: async ({ Image, name, ...spec }: { Image: string; name: string }) => {
      done.push(`create ${name} of ${Image}`);
      onCreate(spec);
      return {
        start: async () => {
          done.push("start");
          written = status;
        },
      };
    },
  };
  const cluster = classOf(0, {
    docker: docker as never,
    answers: [
      ["readlink", "path /dev/vdb\n"],
      ["rm -f /srv/swarmhub/watcher.json", () => (written = "")],
      ["cat /srv/swarmhub/watcher.json", () => written],
    ],
  });
  cluster.manager.facts = async () =>
    fakeFacts({
      mounts: [{ source: "/dev/vdb", target: "/srv/swarmhub", type: "xfs", options: [] }],
    });
  const [step] = quota.plan(cluster.config, have(undefined), cluster);
  return { done, step };
};

test("a start ends when the watcher has inspected the homes; its predecessor's status does not count", async (t) => {
  const { done, step } = started('{"homes": 0}');
  await step?.run(() => {});
  t.deepEqual(done, ["remove", "create geo-101-quota of swarmhub/quota:0123456789ab", "start"]);
});
