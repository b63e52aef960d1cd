import type { Backing } from "../../config/types.js";
import { UserError, exitCode } from "../../errors.js";
import type { Disk, Facts } from "../../host/facts.js";
import type { Host } from "../../host/host.js";
import { paths } from "../../paths.js";
import type { Step } from "../../reconcile/piece.js";
import { formatSize } from "../../text/format.js";
import { quote } from "../../text/shell.js";
import { type DiskState, isHomes, label } from "./disk.js";
import { isListed, listScript, tableLine } from "./fstab.js";
import { growScript, growSteps, refuseFullRoot } from "./grow.js";
import { askForDisk, noSuchDisk, refuseOtherHomes } from "./wrong-disk.js";

/** The steps from a blank disk (or none) to a mounted file system. Refuses a disk with anything on it that is not ours. */
export const backingSteps = (
  backing: Backing,
  host: Host,
  facts: Facts,
  state: DiskState,
): Step[] => {
  if (backing.kind === "unnamed") throw askForDisk(host, facts, state);
  const grow = growSteps(backing, host, facts, state);
  if (state.mounted) {
    refuseAnother(backing, host, state);
    const isInTable = isListed(facts.files[paths.fileSystemTable], sourceOf(backing, state.device));
    return [...(isInTable ? [] : [mountStep(backing, host, state)]), ...grow];
  }
  const make =
    backing.kind === "device"
      ? deviceSteps(backing.path, host, state)
      : fileSteps(backing.size, host, facts, state);
  return [...make, ...grow, mountStep(backing, host, state)];
};

/** The steps that erase the homes for good; the disk is blank afterwards. */
export const eraseSteps = (backing: Backing, host: Host, state: DiskState): Step[] => {
  if (backing.kind === "unnamed") {
    if (!state.mounted && state.homes.length === 0 && state.file === undefined) return [];
    throw new UserError(
      "the configuration does not say where the homes lie, and nothing is erased on a guess",
      {
        host: host.name,
        hint: "`swarmhub check` shows the line to write below `storage:`",
        code: exitCode.preflight,
      },
    );
  }
  if (backing.kind === "file") {
    if (state.file === undefined) return [];
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
  if (state.device === undefined || !isHomes(state.device)) return [];
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

type Named = Exclude<Backing, { kind: "unnamed" }>;

const sourceOf = (backing: Named, device: Disk | undefined): string | undefined => {
  if (backing.kind === "file") return paths.storageFile;
  return device?.uuid === undefined ? undefined : `UUID=${device.uuid}`;
};

const refuseAnother = (backing: Named, host: Host, state: DiskState): void => {
  if (state.isConfigured) return;
  const wanted = backing.kind === "file" ? `the file ${paths.storageFile}` : backing.path;
  throw new UserError(
    `${state.source ?? "something else"} is mounted at ${paths.storage}, and the configuration says ${wanted}. Homes do not move by themselves`,
    {
      host: host.name,
      hint: `name what is mounted in \`storage\`, or \`swarmhub down\` with the old configuration first`,
      code: exitCode.preflight,
    },
  );
};

const deviceSteps = (path: string, host: Host, state: DiskState): Step[] => {
  const disk = state.device;
  if (disk !== undefined && isHomes(disk)) return [];
  refuseOtherHomes(host, path, state);
  if (disk === undefined) throw noSuchDisk(host, path, state);
  const content = contentOf(disk);
  if (content !== undefined)
    throw new UserError(
      `${path} (${formatSize(disk.size)}) is not blank: ${content}. swarmhub formats blank disks only`,
      {
        host: host.name,
        hint: `name another disk, or if nothing on it is needed: \`sudo wipefs --all ${path}\` on ${host.name}`,
        code: exitCode.preflight,
      },
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
  if (state.file !== undefined) return [];
  refuseFullRoot(host, facts, size, size);
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

const mountStep = (backing: Named, host: Host, state: DiskState): Step => {
  const source =
    backing.kind === "file"
      ? `line=${quote(tableLine(paths.storageFile, ",loop"))}`
      : `uuid=$(blkid -p -s UUID -o value ${quote(backing.path)})\nline="${tableLine("UUID=$uuid")}"`;
  return {
    host,
    title: state.mounted
      ? `list ${paths.storage} in /etc/fstab`
      : `mount ${backing.kind === "file" ? "it" : backing.path} at ${paths.storage}`,
    detail: `${holdsHomes(backing, state) ? "the homes on it stay as they are; " : ""}with project quota, at every boot`,
    run: () => host.script(`{\nset -e\nexport LC_ALL=C\n${source}\n${mountScript}\n}\n`),
  };
};

const holdsHomes = (backing: Named, state: DiskState): boolean =>
  !state.mounted &&
  (backing.kind === "file"
    ? state.file !== undefined
    : state.device !== undefined && isHomes(state.device));

// Into the empty folder below the mount nobody can write, root included: a home made there would be without limit, and lost
// from sight with the next mount. A disk that was made larger meanwhile is taken whole.
const mountScript = `mkdir -p ${paths.storage}
${listScript}
if ! mountpoint -q ${paths.storage}; then
  xfs_io -c 'chattr +i' ${paths.storage} 2>/dev/null || true
  mount ${paths.storage}
  ${growScript}
fi`;
