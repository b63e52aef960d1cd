import type { StorageConfig } from "../../config.js";
import { exitCode, UserError } from "../../errors.js";
import type { Disk, Facts } from "../../facts.js";
import type { Host } from "../../host.js";
import { paths } from "../../paths.js";
import { quote } from "../../quote.js";
import { formatSize } from "../../size.js";
import type { Step } from "../../step.js";
import type { DiskState } from "./disk.js";
import { isListed, listScript, tableLine } from "./fstab.js";

type Backing = StorageConfig["backing"];

/** By this label a disk of homes is known again, on this machine or on another. */
const label = "swarmhub";
const spareOnRoot = 2 * 1024 ** 3; // bytes that a storage file leaves for the system and Docker

/** The steps from a blank disk (or none) to a mounted file system. Refuses a disk with anything on it that is not ours. */
export const backingSteps = (
  backing: Backing,
  host: Host,
  facts: Facts,
  state: DiskState,
): Step[] => {
  if (state.mounted) {
    refuseAnother(backing, host, state);
    const isInTable = isListed(facts.files[paths.fileSystemTable], sourceOf(backing, state.device));
    return isInTable ? [] : [mountStep(backing, host, state)];
  }
  const make =
    backing.kind === "device"
      ? deviceSteps(backing.path, host, state.device)
      : fileSteps(backing.size, host, facts, state);
  return [...make, mountStep(backing, host, state)];
};

/** The steps that erase the homes for good; the disk is blank afterwards. */
export const eraseSteps = (backing: Backing, host: Host, state: DiskState): Step[] => {
  if (backing.kind === "file") {
    if (!state.file) return [];
    const title = "delete the file with every home";
    return [
      {
        host,
        title,
        destroys: `every home on ${host.name}`,
        run: () =>
          host.script(`{
rm -f ${paths.storageFile}
rmdir ${paths.state} 2>/dev/null || true
}
`),
      },
    ];
  }
  if (state.device?.label !== label) return [];
  const title = `erase ${backing.path} with every home`;
  return [
    {
      host,
      title,
      destroys: `every home on ${host.name}`,
      run: () => host.run(["wipefs", "--all", "--quiet", backing.path]),
    },
  ];
};

const sourceOf = (backing: Backing, device: Disk | undefined): string | undefined => {
  if (backing.kind === "file") return paths.storageFile;
  return device?.uuid === undefined ? undefined : `UUID=${device.uuid}`;
};

const refuseAnother = (backing: Backing, host: Host, state: DiskState): void => {
  if (state.isConfigured) return;
  const wanted = backing.kind === "file" ? `the file ${paths.storageFile}` : backing.path;
  throw new UserError(
    `${host.name}: ${state.source ?? "something else"} is mounted at ${paths.storage}, and the configuration says ${wanted}. Homes do not move by themselves`,
    `name what is mounted in \`storage\`, or \`swarmhub down\` with the old configuration first`,
    exitCode.preflight,
  );
};

const deviceSteps = (path: string, host: Host, disk: Disk | undefined): Step[] => {
  if (disk === undefined)
    throw new UserError(
      `${host.name} has no disk ${path}`,
      `\`ssh ${host.name} lsblk\` shows the disks it has`,
      exitCode.preflight,
    );
  if (disk.fileSystem === "xfs" && disk.label === label) return [];
  const content = contentOf(disk);
  if (content !== undefined)
    throw new UserError(
      `${host.name}: ${path} (${formatSize(disk.size)}) is not blank: ${content}. swarmhub formats blank disks only`,
      `name another disk, or if nothing on it is needed: \`sudo wipefs --all ${path}\` on ${host.name}`,
      exitCode.preflight,
    );
  return [
    {
      host,
      title: `format ${path} (${formatSize(disk.size)}, blank) as XFS`,
      destroys: `whatever ${path} on ${host.name} holds (it looks blank: no file system, no partition)`,
      // Never with -f: mkfs.xfs then looks itself, and refuses a disk with a signature on it, whatever we believed.
      run: () =>
        host.script(
          `set -e\nmkfs.xfs -q -L ${label} ${quote(path)}\nudevadm trigger --settle ${quote(path)} || true`,
          { timeout: 600_000 },
        ),
    },
  ];
};

const contentOf = (disk: Disk): string | undefined => {
  if (disk.fileSystem !== undefined)
    return `it holds ${disk.fileSystem}${disk.label === undefined ? "" : ` named "${disk.label}"`}`;
  if (disk.parts.length > 0) return `it has ${disk.parts.length} partitions or volumes`;
  return disk.partitionTable === undefined
    ? undefined
    : `it has a partition table (${disk.partitionTable})`;
};

const fileSteps = (size: number, host: Host, facts: Facts, state: DiskState): Step[] => {
  if (state.file) return [];
  if (facts.freeOnRoot < size + spareOnRoot)
    throw new UserError(
      `${host.name} has ${formatSize(facts.freeOnRoot)} free on its root disk; a storage file of ${formatSize(size)} must leave ${formatSize(spareOnRoot)}`,
      "make `storage: file` smaller, or name a disk with `storage: device`",
      exitCode.preflight,
    );
  const made = `${paths.storageFile}.new`;
  return [
    {
      host,
      title: `make a storage file of ${formatSize(size)}`,
      detail: paths.storageFile,
      // Allocated whole: a sparse one would find the root disk full in the middle of class.
      run: () =>
        host.script(
          `{
set -e
mkdir -p ${paths.state}
rm -f ${made}
fallocate -l ${size} ${made}
chmod 600 ${made}
mkfs.xfs -q -L ${label} ${made}
mv ${made} ${paths.storageFile}
}
`,
          { timeout: 600_000 },
        ),
    },
  ];
};

const mountStep = (backing: Backing, host: Host, state: DiskState): Step => {
  const source =
    backing.kind === "file"
      ? `line=${quote(tableLine(paths.storageFile, ",loop"))}`
      : `uuid=$(blkid -p -s UUID -o value ${quote(backing.path)})\nline="${tableLine("UUID=$uuid")}"`;
  return {
    host,
    title: state.mounted
      ? `list ${paths.storage} in /etc/fstab`
      : `mount ${backing.kind === "file" ? "it" : backing.path} at ${paths.storage}`,
    detail: "with project quota, at every boot",
    run: () => host.script(`{\nset -e\nexport LC_ALL=C\n${source}\n${mountScript}\n}\n`),
  };
};

const mountScript = `mkdir -p ${paths.storage}
${listScript}
mountpoint -q ${paths.storage} || mount ${paths.storage}`;
