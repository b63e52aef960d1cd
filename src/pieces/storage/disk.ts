import { homesHost, type Cluster } from "../../cluster.js";
import type { Disk, Facts } from "../../facts.js";
import type { Host } from "../../host.js";
import { paths } from "../../paths.js";
import { lookScript, storageFolders } from "./look.js";

/** By this label a disk of homes is known again, on this machine or on another. */
export const label = "swarmhub";

/** The homes' disk as it is; sizes in bytes. `device` is the configured one by the kernel's own name; undefined where it is not there. */
export type DiskState = {
  device: Disk | undefined;
  /** The size of the storage file, where there is one. */
  file: number | undefined;
  mounted: boolean;
  /** Why nothing can be written to what is mounted there; "dead": each look at it fails. */
  trouble: "dead" | "read-only" | undefined;
  /** Whether what is mounted there is what the configuration names. */
  isConfigured: boolean;
  /** What is mounted there: a block device. */
  source: string | undefined;
  /** The size of the block device that is mounted, of the file system on it, and what is free on that; 0 where unknown. */
  room: number;
  size: number;
  free: number;
  enforced: boolean;
  exported: boolean;
  /** Which of our folders are there, with the owner and mode that they should have. */
  folders: string[];
  /** Where nothing is mounted: other disks that hold homes, and disks on which there is nothing. */
  homes: Disk[];
  blank: Disk[];
};

/** The storage host's disk, mount, folders and exports, remembered. */
export const inspectDisk = (cluster: Cluster): Promise<DiskState> => {
  const [host, { storage }] = [homesHost(cluster), cluster.config];
  const backing = storage.kind === "kept" ? storage.backing : undefined;
  const given = backing?.kind === "device" ? backing.path : paths.storageFile;
  return host.remember("disk", () => lookAtDisk(given, host));
};

const lookAtDisk = async (given: string, host: Host): Promise<DiskState> => {
  const [answer, facts] = [await host.script(lookScript(given)), await host.facts()];
  const words = answer.split("\n").map((line) => line.split(" "));
  const number = (what: string): number => Number(words.find(([key]) => key === what)?.[1] ?? 0);
  const mount = facts.mounts.findLast(({ target }) => target === paths.storage);
  const path = words.find(([what]) => what === "path")?.[1] ?? given;
  const probed = probedIn(answer);
  const disks = allDisks(facts).map((disk) => ({ ...disk, ...probed.get(disk.path) }));
  return {
    device: disks.find((disk) => disk.path === path),
    file: words.some(([what]) => what === "file") ? number("file") : undefined,
    mounted: mount !== undefined,
    trouble: troubleOf(mount, words),
    isConfigured: words.some(
      ([what, source]) => what === "source" && source === path && source !== "",
    ),
    source: mount?.source,
    room: number("room"),
    size: number("block") * number("blocks"),
    free: number("free"),
    enforced: /^\s*Enforcement:\s+ON/m.test(facts.quotaState),
    exported: words.some(([what]) => what === "exported"),
    folders: storageFolders
      .filter(({ name, owner, mode }) => answer.includes(`\nfolder ${name} ${owner} ${mode}\n`))
      .map(({ name }) => name),
    homes: disks.filter((disk) => isHomes(disk) && disk.path !== path),
    blank: disks.filter((disk) => probed.has(disk.path) && isBlank(disk)),
  };
};

/** Whether a disk holds homes, of this class or another. */
export const isHomes = ({ fileSystem, label: name }: Disk): boolean =>
  fileSystem === "xfs" && name === label;

const isBlank = ({ type, size, fileSystem, partitionTable, parts }: Disk): boolean =>
  (type === "disk" || type === "lvm") &&
  size >= 2 ** 30 &&
  fileSystem === undefined &&
  partitionTable === undefined &&
  parts.length === 0;

const troubleOf = (
  mount: Facts["mounts"][number] | undefined,
  words: readonly string[][],
): DiskState["trouble"] => {
  if (mount === undefined) return undefined;
  if (!words.some(([what]) => what === "answers")) return "dead";
  return mount.options.includes("ro") ? "read-only" : undefined;
};

type Probed = Map<string, Pick<Disk, "fileSystem" | "label" | "uuid" | "partitionTable">>;

/** What is on each disk that was asked itself, in place of all that udev said of it. */
const probedIn = (answer: string): Probed => {
  const found = new Map<string, Map<string, string>>();
  let fields = new Map<string, string>();
  for (const line of answer.split("\n")) {
    const [, path, key, value = ""] = /^(?:probed (.*)|probe (\w+)=(.*))$/.exec(line) ?? [];
    if (path !== undefined) found.set(path, (fields = new Map<string, string>()));
    if (key !== undefined) fields.set(key, value);
  }
  return new Map(
    [...found].map(([path, said]) => [
      path,
      Object.fromEntries(
        Object.entries(probedFields).map(([key, field]) => [field, said.get(key)]),
      ),
    ]),
  );
};

const probedFields = {
  TYPE: "fileSystem",
  LABEL: "label",
  UUID: "uuid",
  PTTYPE: "partitionTable",
} as const;

const allDisks = ({ disks }: Facts): Disk[] => disks.flatMap(withParts);

const withParts = (disk: Disk): Disk[] => [disk, ...disk.parts.flatMap(withParts)];
