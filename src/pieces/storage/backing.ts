import type { Backing } from "../../config/types.js";
import { UserError, exitCode } from "../../errors.js";
import type { Disk, Facts } from "../../host/facts.js";
import type { Host } from "../../host/host.js";
import { paths } from "../../paths.js";
import type { Step } from "../../reconcile/piece.js";
import { formatSize } from "../../text/format.js";
import { quote } from "../../text/shell.js";
import type { DiskState } from "./disk.js";
import { hasHomes, homesLabel, lostAtStop } from "./identity.js";
import { hasMount, addLineScript, fstabLine } from "./fstab.js";
import { growScript, growSteps, refuseFullRoot } from "./grow.js";
import { unnamedDiskError, missingDiskError, refuseOtherHomes } from "./wrong-disk.js";

/** The steps from a blank disk (or none) to a mounted file system. Throws a UserError (preflight) if the disk holds foreign data. */
export const backingSteps = (
  backing: Backing,
  host: Host,
  facts: Facts,
  state: DiskState,
): Step[] => {
  if (backing.kind === "unnamed") throw unnamedDiskError(host, facts, state);
  const grow = growSteps(backing, host, facts, state);
  if (state.mounted) {
    refuseOtherMount(backing, host, state);
    const isInTable = hasMount(facts.files[paths.fileSystemTable], sourceOf(backing, state.device));
    return [...(isInTable ? [] : [mountStep(backing, host, state)]), ...grow];
  }
  const make =
    backing.kind === "device"
      ? deviceSteps(backing.path, host, state)
      : storageFileSteps(backing.size, host, facts, state);
  return [...make, ...grow, mountStep(backing, host, state)];
};

type Named = Exclude<Backing, { kind: "unnamed" }>;

const sourceOf = (backing: Named, device: Disk | undefined): string | undefined => {
  if (backing.kind === "file") return paths.storageFile;
  return device?.uuid === undefined ? undefined : `UUID=${device.uuid}`;
};

const refuseOtherMount = (backing: Named, host: Host, state: DiskState): void => {
  if (state.isConfigured) return;
  const wanted = backing.kind === "file" ? `the file ${paths.storageFile}` : backing.path;
  throw new UserError(
    `${state.source ?? "something else"} is mounted at ${paths.storage}, but the configuration says ${wanted}; swarmhub does not move homes`,
    {
      host: host.name,
      hint: `set \`storage\` to what is mounted${state.mountedDisk?.stableName === undefined ? "" : ` (\`device: ${state.mountedDisk.stableName}\`)`}, or first, with the old configuration: \`swarmhub down\``,
      code: exitCode.preflight,
    },
  );
};

const deviceSteps = (path: string, host: Host, state: DiskState): Step[] => {
  const disk = state.device;
  if (disk !== undefined && hasHomes(disk)) return [];
  refuseOtherHomes(host, path, state);
  if (disk === undefined) throw missingDiskError(host, path, state);
  const content = contentOf(disk);
  if (content !== undefined)
    throw new UserError(
      `${path} (${formatSize(disk.size)}) is not blank: ${content}; swarmhub formats only blank disks`,
      {
        host: host.name,
        hint: `name another disk, or if its data is not needed, on ${host.name}: \`sudo wipefs --all ${path}\``,
        code: exitCode.preflight,
      },
    );
  return [
    {
      host,
      title: `format ${path} with XFS`,
      detail: `${formatSize(disk.size)}${modelOf(disk)}, blank${lossOf(disk)}`,
      destroys: `all data on ${path} (${formatSize(disk.size)}${modelOf(disk)}; it looks blank: no file system, no partition)${lossOf(disk)}`,
      // Without -f mkfs.xfs checks the disk itself and refuses one that has a signature.
      run: () =>
        host.script(
          `set -e\nmkfs.xfs -q -L ${homesLabel} ${quote(path)}\nudevadm trigger --settle ${quote(path)} || true`,
          { timeout: 600_000 },
        ),
    },
  ];
};

const modelOf = ({ model }: Disk): string => (model === undefined ? "" : `, ${model}`);

const lossOf = ({ isLostAtStop }: Disk): string =>
  isLostAtStop === true ? `; homes on it are ${lostAtStop}` : "";

const contentOf = (disk: Disk): string | undefined => {
  if (disk.fileSystem !== undefined)
    return `it holds ${disk.fileSystem}${disk.label === undefined ? "" : ` named "${disk.label}"`}`;
  if (disk.parts.length > 0) return `it has ${disk.parts.length} partitions or volumes`;
  return disk.partitionTable === undefined
    ? undefined
    : `it has a partition table (${disk.partitionTable})`;
};

const storageFileSteps = (size: number, host: Host, facts: Facts, state: DiskState): Step[] => {
  if (state.file !== undefined) return [];
  refuseFullRoot(host, facts, size, size);
  const temporary = `${paths.storageFile}.new`;
  return [
    {
      host,
      title: `create a storage file of ${formatSize(size)}`,
      detail: paths.storageFile,
      // Fully allocated: a sparse file could fill the root disk while the class is running.
      run: () =>
        host.script(
          `{
set -e
mkdir -p ${paths.state}
rm -f ${temporary}
fallocate -l ${size} ${temporary}
chmod 600 ${temporary}
mkfs.xfs -q -L ${homesLabel} ${temporary}
mv ${temporary} ${paths.storageFile}
}
`,
          { timeout: 600_000 },
        ),
    },
  ];
};

const mountStep = (backing: Named, host: Host, state: DiskState): Step => {
  const source =
    backing.kind === "file"
      ? `name=\nline=${quote(fstabLine(paths.storageFile, ",loop"))}`
      : `name=${quote(backing.path)}\nuuid=$(blkid -p -s UUID -o value ${quote(state.isRenamed ? (state.device?.path ?? "") : backing.path)})\nline="${fstabLine("UUID=$uuid")}"`;
  return {
    host,
    title: state.mounted
      ? `add ${paths.storage} to /etc/fstab`
      : `mount ${backing.kind === "file" ? "the storage file" : backing.path} at ${paths.storage}`,
    detail: `${holdsHomes(backing, state) ? "keeps its homes; " : ""}with project quota, at every boot`,
    run: () => host.script(`{\nset -e\nexport LC_ALL=C\n${source}\n${mountScript}\n}\n`),
  };
};

const holdsHomes = (backing: Named, state: DiskState): boolean =>
  !state.mounted &&
  (backing.kind === "file"
    ? state.file !== undefined
    : state.device !== undefined && hasHomes(state.device));

// The folder under the mount is immutable, for root too: a home created there would have no limit and be hidden by the next
// mount. If the disk has been enlarged, the file system grows to its full size.
const mountScript = `mkdir -p ${paths.storage}
${addLineScript}
if ! mountpoint -q ${paths.storage}; then
  xfs_io -c 'chattr +i' ${paths.storage} 2>/dev/null || true
  mount ${paths.storage}
  ${growScript}
fi`;
