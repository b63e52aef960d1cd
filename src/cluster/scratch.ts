import { type Config, imagesOf } from "../config/types.js";
import { settingsFrom } from "../host/docker-settings.js";
import type { Facts } from "../host/facts.js";
import type { Host } from "../host/host.js";
import { paths } from "../paths.js";
import { formatSize } from "../text/format.js";
import { quote } from "../text/shell.js";
import { type Cluster, answering } from "./cluster.js";
import type { Machines } from "./machines.js";
import { gpusOf } from "./gpus.js";
import { seatsOn } from "./seats.js";

/**
 * What keeps one server from filling the disk of a machine; sizes in bytes. "limited": each server has a `limit`, which was seen in
 * a container if it `counts`. "possible": the next `up` sets that up, in a file of `file` bytes unless there is a disk for it.
 * "guarded": there is no limit, and the monitor ends the server that wrote most when the disk is nearly full.
 */
export type Scratch =
  | { kind: "off" }
  | { kind: "limited"; limit: number; seen: string | undefined; counts: boolean }
  | { kind: "possible"; limit: number; file: number | undefined; isTight: boolean }
  | { kind: "guarded"; why: string; hint?: string };

/** Decides it for a machine that takes users. */
export const scratchOf = (cluster: Cluster, host: Host, facts: Facts): Scratch => {
  const { config } = cluster;
  const note = scratchNote(facts);
  if (note.limit !== undefined) {
    const { limit, seen } = note;
    return { kind: "limited", limit, seen, counts: Number(seen) <= 1.05 * limit };
  }
  if (config.servers.scratch === undefined) return { kind: "off" };
  if (note.failed !== undefined)
    return { kind: "guarded", why: `it could not be set up: ${note.failed}` };
  const why = whyNot(facts);
  if (why !== undefined) return { kind: "guarded", why };
  if (isInUse(facts))
    return {
      kind: "guarded",
      why: "Docker already has data there, which is not moved",
      hint: renewal(cluster, host),
    };
  const sizes = sizesFor(config, facts, {
    isManager: host === cluster.manager,
    hasHomes: host === cluster.storage,
  });
  return sizes ?? { kind: "guarded", why: `only ${formatSize(facts.freeForHomes)} are free` };
};

/** The lines for `swarmhub status`: the machines with one answer share a line. */
export const scratchLines = (cluster: Cluster, machines: Machines): string[] => {
  const hosts = new Map<string, string[]>();
  for (const host of answering(cluster).seatHosts) {
    const text = scratchText(scratchOf(cluster, host, machines(host).facts));
    hosts.set(text, [...(hosts.get(text) ?? []), host.name]);
  }
  return [...hosts].map(([text, names]) => `${names.join(", ")}: ${text}`);
};

/** What a machine does about servers that write too much, as a sentence. */
export const scratchText = (scratch: Scratch): string => {
  if (scratch.kind === "guarded")
    return `a server may fill the disk, and is then ended (no limit: ${scratch.why})`;
  if (scratch.kind === "off") return "a server may fill the disk, and is then ended";
  const size = formatSize(scratch.limit);
  if (scratch.kind === "possible") return `each server will have ${size} outside its home`;
  return scratch.counts
    ? `each server has ${size} outside its home`
    : `a server may fill the disk, and is then ended (a container does not have the limit of ${size})`;
};

/** What `up` says of machines without a limit that could have one. */
export const scratchAdvice = (cluster: Cluster, machines: Machines): string[] =>
  answering(cluster).seatHosts.flatMap((host) => {
    const scratch = scratchOf(cluster, host, machines(host).facts);
    return scratch.kind === "guarded" && scratch.hint !== undefined
      ? [`${host.name}: ${scratchText(scratch)}; for a limit: ${scratch.hint}`]
      : [];
  });

/** What was written when the limit was set up; a failure is not tried again. */
export const scratchNote = ({
  files,
}: Facts): { limit?: number; seen?: string; failed?: string } => {
  const lines = files[paths.scratchNote] ?? "";
  const [, limit] = /^limit (\d+)$/m.exec(lines) ?? [];
  const [, seen] = /^seen (.+)$/m.exec(lines) ?? [];
  const [, failed] = /^failed (.+)$/m.exec(lines) ?? [];
  return {
    ...(limit !== undefined && { limit: Number(limit) }),
    ...(seen !== undefined && { seen }),
    ...(failed !== undefined && { failed }),
  };
};

/** Whether Docker's folder is XFS with project quota, on a disk or file of its own. */
export const hasQuotaDisk = ({ mounts }: Facts): boolean => {
  const mount = mounts.findLast(({ target }) => target === paths.dockerFolder);
  return mount?.type === "xfs" && mount.options.includes("prjquota");
};

/** The keys of daemon.json that set it up. */
export const scratchSettings = (limit: number) => ({
  "storage-driver": "overlay2",
  "storage-opts": [`overlay2.size=${limit}`],
});

/** Why Docker's folder is not swarmhub's to arrange. */
const whyNot = ({ files, packages, mounts, ...facts }: Facts): string | undefined => {
  const installed = (files[paths.installedPackages] ?? "").split("\n");
  const present = packages["docker.io"] ?? packages["docker-ce"];
  if (present !== undefined && !installed.includes("docker.io"))
    return "Docker was there before swarmhub";
  const settings = settingsFrom(files[paths.dockerConfiguration]) ?? {};
  const options = settings["storage-opts"];
  const isOurs = JSON.stringify(options ?? "").startsWith('["overlay2.size=');
  const [key] = ["data-root", ...(isOurs ? [] : ["storage-driver", "storage-opts"])].filter(
    (each) => each in settings,
  );
  if (key !== undefined) return `${paths.dockerConfiguration} has its own "${key}"`;
  if ((files[paths.dockerBefore] ?? "").split("\n").includes(`content ${paths.dockerFolder}`))
    return `${paths.dockerFolder} had content before swarmhub`;
  const isMounted = mounts.some(({ target }) => target === paths.dockerFolder);
  if (isMounted && !hasQuotaDisk({ files, packages, mounts, ...facts }))
    return `the disk at ${paths.dockerFolder} is not XFS, mounted with prjquota`;
  if (facts.xfsFeatures !== "" && !/\bquota\b/.test(facts.xfsFeatures))
    return "the kernel's XFS has no quota";
  return undefined;
};

const isInUse = ({ dockerHolds, membership }: Facts): boolean =>
  dockerHolds.length > 0 || (membership !== undefined && membership.state !== "inactive");

const renewal = ({ manager, seatHosts }: Cluster, host: Host): string =>
  host === manager || seatHosts.length === 1
    ? "`swarmhub down`, then `swarmhub up` (homes stay)"
    : `\`swarmhub leave ${quote(host.name)}\`, then \`swarmhub join ${quote(host.name)}\``;

const gibibyte = 2 ** 30;

/** Bytes for one image of users' servers with what Docker needs beside it; a scientific stack has 4 to 6 GB. */
const perImage = 6 * gibibyte;

/** The least for each server if the disk is too small for all seats, and the least for a file (bytes). */
const [leastLimit, leastFile] = [gibibyte, 2 * gibibyte];

/** Bytes, and a part of the free space, that stay for the system: logs, packages, the hub's database, the registry. */
const kept = { bytes: 2 * gibibyte, part: 0.2 };

/**
 * The file has room for the images (at most half of it) and for the limit in each seat, but leaves a fifth of the free space, at
 * least 2 GB. If that is too little, the limit is smaller, but at least 1 GB; it "is tight" if all seats together could exceed even
 * that. Undefined if there is no room for a file of 2 GB.
 */
const sizesFor = (
  config: Config,
  facts: Facts,
  { isManager, hasHomes }: { isManager: boolean; hasHomes: boolean },
): Extract<Scratch, { kind: "possible" }> | undefined => {
  const wanted = config.servers.scratch ?? 0;
  const seats = Math.max(1, seatsOn(facts.memory, config, isManager, gpusOf(facts)));
  const images = perImage * imagesOf(config).length;
  const isDisk = hasQuotaDisk(facts);
  const room = isDisk ? roomOnDisk(facts) : roomForFile(config, facts, hasHomes);
  if (room < leastFile) return undefined;
  const file = isDisk ? room : Math.min(room, images + wanted * seats);
  const forServers = file - Math.min(images, file / 2);
  const share = Math.floor(forServers / seats / step) * step;
  const limit = Math.min(wanted, Math.max(leastLimit, share));
  return {
    kind: "possible",
    limit,
    file: isDisk ? undefined : Math.floor(file / step) * step,
    isTight: limit * seats > forServers,
  };
};

const step = 2 ** 20;

const roomOnDisk = ({ dockerDisks }: Facts): number =>
  dockerDisks.find(({ path }) => path.startsWith(paths.dockerFolder))?.freeBytes ?? 0;

const roomForFile = ({ storage }: Config, facts: Facts, hasHomes: boolean): number => {
  const homes =
    hasHomes && storage.kind === "persistent" && storage.backing.kind === "file"
      ? storage.backing.size
      : 0;
  const isThere = facts.state.includes("homes.xfs");
  const free = facts.freeForHomes - (isThere ? 0 : homes);
  return free - Math.max(kept.bytes, kept.part * free);
};
