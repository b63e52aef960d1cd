import { uptimeCommand, watcherStaleAfter } from "../../contracts/watcher-status.js";
import { homesHost } from "../cluster/cluster.js";
import { ifExists } from "../docker/client.js";
import type { Facts } from "../host/facts.js";
import type { Host } from "../host/host.js";
import { imageReference } from "../images/own.js";
import { formerNames, labels, watcherName } from "../names.js";
import { paths } from "../paths.js";
import type { Piece } from "../reconcile/piece.js";
import { listedImage } from "../swarm/list.js";
import { differences } from "../swarm/service-spec.js";
import { limitsSteps } from "./quota/limits.js";
import { statusFile, waitUntilWatching } from "./quota/watching.js";

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

type Container = {
  Image: string;
  State: { Running: boolean };
  Config: { Labels: Record<string, string> };
};
type State = {
  facts: Facts;
  reference: string;
  imageId: string | undefined;
  container: Container | undefined;
  /** Whether the container of the former name is there. */
  hasFormer: boolean;
};

/** The watcher on the storage host: it limits each new home before its first byte. */
export const quota: Piece<State> = {
  name: "quota",
  inspect: async (cluster) => {
    const host = homesHost(cluster);
    const reference = imageReference("quota");
    const facts = await host.facts();
    const { name: className } = cluster.config;
    const [image, container, former] = await Promise.all([
      listedImage(host, reference),
      inspectContainer(host, facts, watcherName(className)),
      inspectContainer(host, facts, formerNames.watcher),
    ]);
    const hasFormer = former?.Config.Labels[labels.class] === className;
    return { facts, reference, imageId: image?.Id, container, hasFormer };
  },
  plan: (want, { facts, reference, imageId, container, hasFormer }, cluster) => {
    if (want.storage.kind === "temporary") return [];
    const host = homesHost(cluster);
    const spec = specOf(want.name);
    const limits = limitsSteps(want.storage, want.login, host, facts);
    const isFirst = container === undefined && !hasFormer;
    const title = isFirst ? "start the quota watcher" : "restart the quota watcher";
    const differs = [
      ...(hasFormer ? ["name"] : []),
      ...(container === undefined
        ? []
        : [
            ...differences(spec, specIn(container)),
            ...(container.Image === imageId ? [] : ["image"]),
            ...(container.State.Running ? [] : ["not running"]),
          ]),
    ];
    if (container !== undefined && differs.length === 0) return limits;
    const run = async () => {
      const { docker } = host;
      // Both in the step that starts it, since two watchers would change the same limits.
      await removeWatchers(host, want.name, hasFormer);
      const created = await docker.createContainer({
        name: watcherName(want.name),
        Image: reference,
        ...spec,
      });
      // So that the wait is for its first status, not for its predecessor's last.
      await host.run(["rm", "-f", statusFile]);
      await created.start();
      await waitUntilWatching(host, want.name);
    };
    const detail = differs.length > 0 && { detail: differs.join(", ") };
    return [...limits, { host, title, ...detail, run }];
  },
  remove: ({ container, hasFormer }, cluster) => {
    if (container === undefined && !hasFormer) return [];
    const host = homesHost(cluster);
    const run = () => removeWatchers(host, cluster.config.name, hasFormer);
    return [{ host, title: "stop the quota watcher", run }];
  },
};

const inspectContainer = (host: Host, { units }: Facts, name: string) =>
  units["docker.service"] === "active"
    ? ifExists(host.docker.getContainer(name).inspect())
    : Promise.resolve(undefined);

const removeWatchers = async (
  { docker }: Host,
  className: string,
  hasFormer: boolean,
): Promise<void> => {
  for (const name of [watcherName(className), ...(hasFormer ? [formerNames.watcher] : [])])
    await ifExists(docker.getContainer(name).remove({ force: true }));
};

const specOf = (className: string) => ({
  Labels: { [labels.class]: className },
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
