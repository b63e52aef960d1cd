import test from "ava";
import { configuredLimits, limitsFile } from "../../src/homes/set-limits.js";
import { paths } from "../../src/paths.js";
import { quota, watcherHealth } from "../../src/pieces/quota.js";
import { classOf, said } from "../support/class-of.js";
import { fakeConfig, fakeFacts, keptStorage } from "../support/fakes.js";

const created = {
  Image: "sha256:1",
  State: { Running: true },
  // As Docker 26 answers: with defaults filled in beside what was asked for.
  Config: {
    Env: ["PATH=/usr/bin"],
    Labels: { "swarmhub.class": "geo-101" },
    Healthcheck: watcherHealth,
    Image: "swarmhub/quota:0123456789ab",
  },
  HostConfig: {
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
  },
};
type Created = typeof created;

const have = (
  container: unknown,
  limits = limitsFile(configuredLimits(keptStorage(), fakeConfig().login)),
) =>
  ({
    facts: fakeFacts({ files: { [paths.limits]: limits } }),
    reference: "swarmhub/quota:0123456789ab",
    imageId: "sha256:1",
    container,
  }) as never;
const plan = (container: unknown, cluster = classOf(1)) =>
  said(quota.plan(cluster.config, have(container), cluster));

test("the watcher is started on the machine with the homes", (t) => {
  t.deepEqual(plan(undefined), ["manager: start the quota watcher"]);
  t.deepEqual(plan(undefined, classOf(1, { server: true })), ["server: start the quota watcher"]);
});

test("a watcher as wanted is left alone", (t) => {
  t.deepEqual(plan(created), []);
});

const anew = (what: string) => [`manager: start the quota watcher anew (${what})`];
const drift: [string, string, (container: Created) => unknown][] = [
  ["does not run", "it does not run", (was) => ({ ...was, State: { Running: false } })],
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
  test(`a watcher that ${what} is started anew`, (t) => {
    t.deepEqual(plan(change(created)), anew(detail));
  });

test("what homes may hold is written where it differs", async (t) => {
  const cluster = classOf(0, {
    answers: [["mountpoint -q /srv/swarmhub", ""]],
    config: { storage: keptStorage({ files: 1000 }) },
  });
  const [step, ...more] = quota.plan(cluster.config, have(created), cluster);
  t.deepEqual(said(step ? [step] : []), ["manager: write /srv/swarmhub/limits.json"]);
  t.deepEqual(more, []);
  await step?.run(() => {});
  t.regex(cluster.manager.asked.join(), /set -e\nmountpoint -q .*"files": 1000/s);
});

test("the homes of a group's users have the group's quota, under their own names", (t) => {
  const { login } = fakeConfig();
  const storage = keptStorage();
  storage.quota.groups = { staff: (50 * 2 ** 30) as never };
  login.groups = { staff: ["eve@example.org", "ada"], tutors: ["bob"] };
  t.deepEqual(configuredLimits(storage, login), {
    bytes: 5 * 2 ** 30,
    files: 200_000,
    homes: {
      ada: { bytes: 50 * 2 ** 30 },
      "eve-example-org---39f2b0c7": { bytes: 50 * 2 ** 30 },
    },
    trashDays: 30,
  });
});

test("`down` stops it, and nothing where it is not", (t) => {
  const cluster = classOf(1);
  t.deepEqual(said(quota.remove(have(created), cluster)), ["manager: stop the quota watcher"]);
  t.deepEqual(said(quota.remove(have(undefined), cluster)), []);
});

const started = (status: string) => {
  const done: string[] = [];
  let written = "old";
  const docker = {
    getContainer: () => ({ remove: async () => void done.push("remove") }),
    createContainer: async ({ Image, name }: { Image: string; name: string }) => {
      done.push(`create ${name} of ${Image}`);
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

test("a start is done when the watcher has looked at the homes, its predecessor's status does not count", async (t) => {
  const { done, step } = started('{"homes": 0}');
  await step?.run(() => {});
  t.deepEqual(done, ["remove", "create swarmhub-quota of swarmhub/quota:0123456789ab", "start"]);
});
