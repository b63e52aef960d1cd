import { storageFolders } from "../../../contracts/storage-folders.js";
import { type Cluster, homesHost } from "../../cluster/cluster.js";
import type { Disk, Facts } from "../../host/facts.js";
import type { Host } from "../../host/host.js";
import { paths } from "../../paths.js";
import { quote } from "../../text/shell.js";
import { hasHomes, identityScript, renamedDisk, withIdentities } from "./identity.js";
import { type NfsServer, nfsServerIn, nfsServerScript } from "./other-exports.js";

/** The state of the homes' disk; sizes in bytes. `device` is the configured disk, undefined if it does not exist. */
export type DiskState = NfsServer & {
  device: Disk | undefined;
  /** Whether `device` has another name than the configured one, because the kernel named the disks anew. */
  isRenamed: boolean;
  /** The size of the storage file, undefined if there is none. */
  file: number | undefined;
  mounted: boolean;
  /** Why the mounted file system cannot be written to; "dead": every access fails. */
  problem: "dead" | "read-only" | undefined;
  /** Whether the mounted disk is the configured one. */
  isConfigured: boolean;
  /** The mounted block device. */
  source: string | undefined;
  /** The list's entry for it. */
  mountedDisk: Disk | undefined;
  /** The size of the mounted block device, the size of its file system, and the free space; 0 if unknown. */
  room: number;
  size: number;
  free: number;
  enforced: boolean;
  exported: boolean;
  /** Our folders that exist with the right owner and mode. */
  folders: string[];
  /** Other disks with homes, and blank disks; empty if a disk is mounted. */
  homes: Disk[];
  blank: Disk[];
};

/** The storage host's disk, mount, folders and exports; remembered by the host. */
export const inspectDisk = (cluster: Cluster): Promise<DiskState> => {
  const [host, { storage }] = [homesHost(cluster), cluster.config];
  const backing = storage.kind === "persistent" ? storage.backing : undefined;
  const configured = backing?.kind === "device" ? backing.path : paths.storageFile;
  return host.remember("disk", () => readDisk(configured, host));
};

const readDisk = async (configured: string, host: Host): Promise<DiskState> => {
  const [output, facts] = [
    await host.script(inspectScript(configured), { title: "inspect the disk" }),
    await host.facts(),
  ];
  const lines = output.split("\n").map((line) => line.split(" "));
  const numberOf = (name: string): number => Number(lines.find(([key]) => key === name)?.[1] ?? 0);
  const mount = facts.mounts.findLast(({ target }) => target === paths.storage);
  const path = lines.find(([key]) => key === "path")?.[1] ?? configured;
  const probed = probedIn(output);
  const disks = withIdentities(
    allDisks(facts).map((disk) => ({ ...disk, ...probed.get(disk.path) })),
    output,
  );
  const named = disks.find((disk) => disk.path === path);
  const renamed = renamedDisk(
    { path: configured, disk: named },
    disks,
    facts.files[paths.fileSystemTable],
  );
  const device = renamed ?? named;
  const sources = lines.flatMap(([key, source = ""]) => (key === "source" ? [source] : []));
  return {
    device,
    isRenamed: renamed !== undefined,
    file: lines.some(([key]) => key === "file") ? numberOf("file") : undefined,
    mounted: mount !== undefined,
    problem: problemOf(mount, lines),
    isConfigured: sources.some((each) => each !== "" && [path, renamed?.path].includes(each)),
    source: mount?.source,
    mountedDisk: disks.find((disk) => sources.includes(disk.path)),
    room: numberOf("room"),
    size: numberOf("block") * numberOf("blocks"),
    free: numberOf("free"),
    enforced: /^\s*Enforcement:\s+ON/m.test(facts.quotaState),
    exported: lines.some(([key]) => key === "exported"),
    ...nfsServerIn(output),
    folders: folderModes
      .filter(({ name, owner, mode }) => output.includes(`\nfolder ${name} ${owner} ${mode}\n`))
      .map(({ name }) => name),
    homes: disks.filter((disk) => hasHomes(disk) && disk.path !== (device?.path ?? path)),
    blank: disks.filter((disk) => probed.has(disk.path) && isBlank(disk)),
  };
};

const isBlank = ({ type, size, fileSystem, partitionTable, parts }: Disk): boolean =>
  (type === "disk" || type === "lvm") &&
  size >= 2 ** 30 &&
  fileSystem === undefined &&
  partitionTable === undefined &&
  parts.length === 0;

const problemOf = (
  mount: Facts["mounts"][number] | undefined,
  lines: readonly string[][],
): DiskState["problem"] => {
  if (mount === undefined) return undefined;
  if (!lines.some(([key]) => key === "answers")) return "dead";
  return mount.options.includes("ro") ? "read-only" : undefined;
};

type Probed = Map<string, Pick<Disk, "fileSystem" | "label" | "uuid" | "partitionTable">>;

/** The content of each probed disk, which replaces udev's data. */
const probedIn = (output: string): Probed => {
  const disks = new Map<string, Map<string, string>>();
  let fields = new Map<string, string>();
  for (const line of output.split("\n")) {
    const [, path, key, value = ""] = /^(?:probed (.*)|probe (\w+)=(.*))$/.exec(line) ?? [];
    if (path !== undefined) disks.set(path, (fields = new Map<string, string>()));
    if (key !== undefined) fields.set(key, value);
  }
  return new Map(
    [...disks].map(([path, values]) => [
      path,
      Object.fromEntries(
        Object.entries(probedFields).map(([key, field]) => [field, values.get(key)]),
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

/** Our folders on the disk. The hub writes homes and limits over NFS as the users' account; it cannot write to the trash. */
export const folderModes = [
  { name: storageFolders.homes, owner: "1000:100", mode: "755" },
  { name: storageFolders.owners, owner: "1000:100", mode: "755" },
  { name: storageFolders.pending, owner: "1000:100", mode: "755" },
  { name: storageFolders.fenced, owner: "1000:100", mode: "755" },
  { name: storageFolders.handouts, owner: "1000:100", mode: "700" },
  { name: storageFolders.limits, owner: "1000:100", mode: "755" },
  { name: storageFolders.groups, owner: "1000:100", mode: "755" },
  { name: storageFolders.trash, owner: "0:0", mode: "700" },
] as const;

/** A script that inspects the configured disk (or file) and the mount of the homes, or all disks if nothing is mounted. */
const inspectScript = (configured: string): string => `
export LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin
# The name in the list of disks: /dev/mapper/… for a logical volume, whatever link was configured.
name_of() { lsblk -dnpro NAME "$1" 2>/dev/null || readlink -m "$1"; }
# Reads the disk itself, since udev's data, which lsblk shows, may be outdated.
probe() {
  output=$(blkid -p -o export "$1") # 2: nothing found; 8: several signatures
  case $? in
  0) echo "probed $1"; echo "$output" | sed 's/^/probe /' ;;
  2) echo "probed $1" ;;
  *) echo "probed $1"; echo "probe TYPE=data that blkid cannot identify" ;;
  esac
}
path=$(name_of ${quote(configured)})
echo "path $path"
if [ -b "$path" ]; then probe "$path"; fi
[ -f ${paths.storageFile} ] && stat -c 'file %s' ${paths.storageFile}
# Not mountpoint or findmnt: they access the file system, which fails after XFS shut down.
source=$(awk '$2 == "${paths.storage}" { last = $1 } END { print last }' /proc/self/mounts)
if [ -n "$source" ]; then
  if [ -b "$source" ] && [ "$(name_of "$source")" != "$path" ]; then probe "$(name_of "$source")"; fi
  echo "source $(name_of "$source")"
  echo "source $(losetup -nO BACK-FILE "$source" 2>/dev/null)"
  echo "room $(blockdev --getsize64 "$source" 2>/dev/null)"
  if cd ${paths.storage} && ls >/dev/null; then
    echo answers
    stat -c 'folder %n %u:%g %a' ${folderModes.map(({ name }) => name).join(" ")}
    stat -f -c '%a %S' . | { read -r blocks size; echo "free $((blocks * size))"; }
    # Not statfs, whose size lacks the log.
    xfs_growfs -n ${paths.storage} | sed -n 's/^data .*bsize=\\([0-9]*\\) *blocks=\\([0-9]*\\),.*/block \\1\\nblocks \\2/p'
    cd /
  fi 2>/dev/null
fi
if [ -z "$source" ] || ! [ -b "$source" ]; then
  lsblk -rnpo NAME,TYPE | sort -u | while read -r name type; do
    case $type in disk | part | lvm | raid* | crypt | mpath) [ "$name" = "$path" ] || probe "$name" ;; esac
  done
fi
exportfs -s 2>/dev/null | grep -q '^${paths.storage} ' && echo exported
${nfsServerScript}
${identityScript}
exit 0`;
