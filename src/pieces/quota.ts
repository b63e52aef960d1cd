import { homesHost } from "../cluster/cluster.js";
import type { Config, PersistentStorage } from "../config/types.js";
import { ifExists } from "../docker/client.js";
import { UserError } from "../errors.js";
import { limitsFile } from "../homes/set-limits.js";
import type { Facts } from "../host/facts.js";
import type { Host } from "../host/host.js";
import { imageReference } from "../images/own.js";
import { watcherName } from "../names.js";
import { paths } from "../paths.js";
import type { Piece, Step } from "../reconcile/piece.js";
import { listedImage } from "../swarm/list.js";
import { differences } from "../swarm/service-spec.js";
import { waitUntil } from "../wait.js";
import { writeScript } from "./shared/files.js";

const statusFile = `${paths.storage}/watcher.json`;

/** By the machine's uptime, since a date may be set back or ahead. */
const isFresh = `read -r now rest </proc/uptime
then=$(sed -n 's/^  "uptime": \\([0-9]*\\),$/\\1/p' ${statusFile})
[ -n "$then" ] && age=$((\${now%.*} - then)) && [ "$age" -ge 0 ] && [ "$age" -lt 120 ]`;

/** Docker's check that the watcher still looks; times in nanoseconds. */
export const watcherHealth = {
  Test: ["CMD-SHELL", isFresh],
  Interval: 60e9,
  Timeout: 20e9,
  StartPeriod: 120e9,
  Retries: 2,
};

type Container = { Image: string; State: { Running: boolean } };
type State = {
  facts: Facts;
  reference: string;
  imageId: string | undefined;
  container: Container | undefined;
};

/** The watcher on the storage host: a limit on each new home before its first byte. */
export const quota: Piece<State> = {
  name: "quota",
  inspect: async (cluster) => {
    const host = homesHost(cluster);
    const reference = imageReference("quota");
    const facts = await host.facts();
    const [image, container] = await Promise.all([
      listedImage(host, reference),
      facts.units["docker.service"] === "active"
        ? ifExists(host.docker.getContainer(watcherName).inspect())
        : Promise.resolve(undefined),
    ]);
    return { facts, reference, imageId: image?.Id, container };
  },
  plan: (want, { facts, reference, imageId, container }, cluster) => {
    if (want.storage.kind === "temporary") return [];
    const host = homesHost(cluster);
    const spec = specOf(want.name);
    const limits = limitsSteps(want.storage, want.login, host, facts);
    const title =
      container === undefined ? "start the quota watcher" : "start the quota watcher anew";
    const differs =
      container === undefined
        ? []
        : [
            ...differences(spec, specIn(container)),
            ...(container.Image === imageId ? [] : ["image"]),
            ...(container.State.Running ? [] : ["it does not run"]),
          ];
    if (container !== undefined && differs.length === 0) return limits;
    const run = async () => {
      const { docker } = host;
      await ifExists(docker.getContainer(watcherName).remove({ force: true }));
      const made = await docker.createContainer({
        name: watcherName,
        Image: reference,
        ...spec,
      });
      // Its first status is what is waited for, not its predecessor's last.
      await host.run(["rm", "-f", statusFile]);
      await made.start();
      await waitUntilWatching(host);
    };
    const detail = differs.length > 0 && { detail: differs.join(", ") };
    return [...limits, { host, title, ...detail, run }];
  },
  remove: ({ container }, cluster) => {
    if (container === undefined) return [];
    const host = homesHost(cluster);
    const run = () => ifExists(host.docker.getContainer(watcherName).remove({ force: true }));
    return [{ host, title: "stop the quota watcher", run }];
  },
};

const specOf = (className: string) => ({
  Labels: { "swarmhub.class": className },
  Healthcheck: watcherHealth,
  HostConfig: {
    Binds: [`${paths.storage}:${paths.storage}`],
    NetworkMode: "none",
    RestartPolicy: { Name: "always" },
    // Quotas are SYS_ADMIN's, a project id the folder owner's or FOWNER's; the marks belong to the users' account.
    // xfs_quota needs the disk's device file, but nobody may open that: the watcher makes one by the name of the day (MKNOD).
    CapDrop: ["ALL"],
    // In the order of the alphabet, as newer Engines answer them.
    CapAdd: ["CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_MKNOD", "CAP_SYS_ADMIN"],
    SecurityOpt: ["no-new-privileges"],
    ReadonlyRootfs: true,
    UsernsMode: "host",
    PidsLimit: 64,
    Memory: 256 * 1024 ** 2,
    LogConfig: { Type: "json-file", Config: { "max-file": "3", "max-size": "10m" } },
  },
});

const specIn = (container: unknown) => {
  const { Config: config, HostConfig: hostConfig } = container as {
    Config: { Labels: Record<string, string>; Healthcheck?: object };
    HostConfig: Record<string, unknown>;
  };
  return { Labels: config.Labels, Healthcheck: config.Healthcheck, HostConfig: hostConfig };
};

/** Waits until the watcher wrote that it could look at the homes, 60 s at most. */
const waitUntilWatching = async (host: Host): Promise<void> => {
  let problem: string | undefined;
  await waitUntil(
    async () => {
      const written = await host.script(`cat ${statusFile} 2>/dev/null || true`);
      if (written === "") return undefined;
      ({ problem } = JSON.parse(written) as { problem?: string });
      return problem === undefined ? true : undefined;
    },
    {
      deadline: 60_000,
      otherwise: async () => {
        const log = await host.script(`docker logs --tail 3 ${watcherName} 2>&1 || true`);
        return new UserError(`the quota watcher does not work: ${problem ?? log.trim()}`, {
          host: host.name,
          hint: "`swarmhub logs quota` shows more",
        });
      },
    },
  );
};

/** The step that writes what the watcher gives each home; a watcher that runs reads it at once. */
const limitsSteps = (
  storage: PersistentStorage,
  login: Config["login"],
  host: Host,
  { files }: Facts,
): Step[] => {
  const content = limitsFile(storage, login);
  if (files[paths.limits] === content) return [];
  return [
    {
      host,
      title: `write ${paths.limits}`,
      // Never into the folder under the mount.
      run: () =>
        host.script(
          `set -e\nmountpoint -q ${paths.storage}\n${writeScript({ path: paths.limits, content, mode: 0o644 })}`,
        ),
    },
  ];
};
