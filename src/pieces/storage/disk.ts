import type { Cluster } from "../../cluster.js";
import type { Disk, Facts } from "../../facts.js";
import { paths } from "../../paths.js";
import { quote } from "../../quote.js";

/** The homes' disk as it is. `device` is the configured one by the kernel's own name; undefined where it is not there. */
export type DiskState = {
  device: Disk | undefined;
  /** Whether the storage file exists (where the configuration asks for a file). */
  file: boolean;
  mounted: boolean;
  /** Whether what is mounted there is what the configuration names. */
  isConfigured: boolean;
  /** What is mounted there: a block device. */
  source: string | undefined;
  enforced: boolean;
  exported: boolean;
  /** Which of our folders are there, with the owner and mode that they should have. */
  folders: string[];
};

/** Our folders on the disk. The hub writes homes by NFS, as the users' account; limits and trash are out of its reach. */
export const storageFolders = [
  { name: "homes", owner: "1000:100", mode: "755" },
  { name: "owners", owner: "1000:100", mode: "755" },
  { name: "pending", owner: "1000:100", mode: "755" },
  { name: "limits", owner: "0:0", mode: "755" },
  { name: "trash", owner: "0:0", mode: "700" },
] as const;

/** The storage host's disk, mount, folders and exports, remembered. */
export const inspectDisk = (cluster: Cluster): Promise<DiskState> =>
  cluster.storage.remember("disk", () => lookAtDisk(cluster));

const lookAtDisk = async ({ config, storage }: Cluster): Promise<DiskState> => {
  const { backing } = config.storage;
  const given = backing.kind === "device" ? backing.path : paths.storageFile;
  const answer = await storage.script(`
    export LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin
    # As the list of disks has it: /dev/mapper/… of a logical volume, whatever link was given.
    name_of() { lsblk -dnpro NAME "$1" 2>/dev/null || readlink -m "$1"; }
    path=$(name_of ${quote(given)})
    echo "path $path"
    # What is on the disk itself: udev's word on it, which lsblk repeats, can be of yesterday.
    if [ -b "$path" ]; then
      found=$(blkid -p -o export "$path") # 2: nothing; 8: signatures of several things
      case $? in 0) echo "$found" | sed 's/^/probe /' ;; 2) ;; *) echo "probe TYPE=something that blkid cannot name" ;; esac
    fi
    [ -f ${paths.storageFile} ] && echo file
    if mountpoint -q ${paths.storage}; then
      source=$(findmnt -nro SOURCE --mountpoint ${paths.storage} | tail -n 1)
      echo "source $(name_of "$source")"
      echo "source $(losetup -nO BACK-FILE "$source" 2>/dev/null)"
      cd ${paths.storage} && stat -c 'folder %n %u:%g %a' ${storageFolders.map(({ name }) => name).join(" ")} 2>/dev/null
    fi
    exportfs -s 2>/dev/null | grep -q '^${paths.storage} ' && echo exported
    exit 0`);
  const words = answer.split("\n").map((line) => line.split(" "));
  const facts = await storage.facts();
  const mount = facts.mounts.findLast(({ target }) => target === paths.storage);
  const path = words.find(([what]) => what === "path")?.[1] ?? given;
  const listed = allDisks(facts).find((disk) => disk.path === path);
  return {
    device: listed && { ...listed, ...probed(answer) },
    file: words.some(([what]) => what === "file"),
    mounted: mount !== undefined,
    isConfigured: words.some(
      ([what, source]) => what === "source" && source === path && source !== "",
    ),
    source: mount?.source,
    enforced: /^\s*Enforcement:\s+ON/m.test(facts.quotaState),
    exported: words.some(([what]) => what === "exported"),
    folders: storageFolders
      .filter(({ name, owner, mode }) => answer.includes(`\nfolder ${name} ${owner} ${mode}\n`))
      .map(({ name }) => name),
  };
};

/** What is on a disk, in place of all that udev said of it. */
const probed = (answer: string): Pick<Disk, "fileSystem" | "label" | "uuid" | "partitionTable"> => {
  const found = new Map(
    [...answer.matchAll(/^probe (\w+)=(.*)$/gm)].map(([, key = "", value = ""]) => [key, value]),
  );
  return Object.fromEntries(
    Object.entries(probedFields).map(([key, field]) => [field, found.get(key)]),
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
