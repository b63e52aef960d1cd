import { storageFiles } from "../../contracts/storage-folders.js";
import {
  type WatcherStatus,
  uptimeCommand,
  watcherStaleAfter,
} from "../../contracts/watcher-status.js";
import { homesHost } from "../cluster/cluster.js";
import type { Config, PersistentStorage } from "../config/types.js";
import { ifExists } from "../docker/client.js";
import { UserError } from "../errors.js";
import { configuredLimits, limitsFile } from "../homes/set-limits.js";
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

const statusFile = `${paths.storage}/${storageFiles.watcherStatus}`;

/** Succeeds while the status is fresh, by the machine's uptime: the date can be set back or ahead. */
const freshCheck = `read -r now rest </proc/uptime
then=$(${uptimeCommand(statusFile)})
[ -n "$then" ] && age=$((\${now%.*} - then)) && [ "$age" -ge 0 ] && [ "$age" -lt ${watcherStaleAfter} ]`;

/** Docker's check that the watcher works; times in nanoseconds. */
const healthCheck = {
  Test: ["CMD-SHELL", freshCheck],
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

/** The watcher on the storage host: it limits each new home before its first byte. */
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
    const title = container === undefined ? "start the quota watcher" : "restart the quota watcher";
    const differs =
      container === undefined
        ? []
        : [
            ...differences(spec, specIn(container)),
            ...(container.Image === imageId ? [] : ["image"]),
            ...(container.State.Running ? [] : ["not running"]),
          ];
    if (container !== undefined && differs.length === 0) return limits;
    const run = async () => {
      const { docker } = host;
      await ifExists(docker.getContainer(watcherName).remove({ force: true }));
      const created = await docker.createContainer({
        name: watcherName,
        Image: reference,
        ...spec,
      });
      // So that the wait is for its first status, not for its predecessor's last.
      await host.run(["rm", "-f", statusFile]);
      await created.start();
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
  Healthcheck: healthCheck,
  HostConfig: {
    Binds: [`${paths.storage}:${paths.storage}`],
    NetworkMode: "none",
    RestartPolicy: { Name: "always" },
    // Quotas need SYS_ADMIN; a project id needs the folder's owner or FOWNER; the pending markers belong to the users' account.
    // xfs_quota needs the disk's device file, which no process may open: the watcher creates it by its current name (MKNOD).
    CapDrop: ["ALL"],
    // In alphabetical order, as newer Engines return them.
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

/** Waits until the watcher has written a status without a problem, 60 s at most. */
const waitUntilWatching = async (host: Host): Promise<void> => {
  let problem: string | undefined;
  await waitUntil(
    async () => {
      const status = await host.script(`cat ${statusFile} 2>/dev/null || true`);
      if (status === "") return undefined;
      ({ problem } = JSON.parse(status) as Pick<WatcherStatus, "problem">);
      return problem === undefined ? true : undefined;
    },
    {
      deadline: 60_000,
      otherwise: async () => {
        const log = await host.script(`docker logs --tail 3 ${watcherName} 2>&1 || true`);
        return new UserError(`the quota watcher does not work: ${problem ?? log.trim()}`, {
          host: host.name,
          hint: "to see its log, type: swarmhub logs quota",
        });
      },
    },
  );
};

/** The step that writes `limits.json`, which a running watcher reads at once. */
const limitsSteps = (
  storage: PersistentStorage,
  login: Config["login"],
  host: Host,
  { files }: Facts,
): Step[] => {
  const content = limitsFile(configuredLimits(storage, login));
  if (files[paths.limits] === content) return [];
  return [
    {
      host,
      title: `write ${paths.limits}`,
      // Not into the empty folder under the mount.
      run: () =>
        host.script(
          `set -e\nmountpoint -q ${paths.storage}\n${writeScript({ path: paths.limits, content, mode: 0o644 })}`,
        ),
    },
  ];
};
