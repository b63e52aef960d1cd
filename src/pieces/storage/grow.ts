import type { Backing } from "../../config/types.js";
import { UserError, exitCode } from "../../errors.js";
import type { Facts } from "../../host/facts.js";
import type { Host } from "../../host/host.js";
import { paths } from "../../paths.js";
import type { Step } from "../../reconcile/piece.js";
import { formatSize } from "../../text/format.js";
import type { DiskState } from "./disk.js";

/** Bytes that a storage file must leave for the system and Docker. */
export const reservedOnRoot = 2 * 1024 ** 3;

// XFS does not use a remainder too small for another allocation group.
const slack = 16 * 1024 ** 2;
// bytes

/** The steps that grow the homes' file system to the size of its disk, and the storage file to its configured size. */
export const growSteps = (backing: Backing, host: Host, facts: Facts, state: DiskState): Step[] => {
  const wanted = wantedSize(backing, state);
  if (wanted === 0) return [];
  const file = backing.kind === "file" ? (state.file ?? 0) : 0;
  if (backing.kind === "file") refuseFileSize(host, facts, file, wanted);
  const isSmall = state.mounted && state.size > 0 && wanted - state.size > slack;
  if (!isSmall && (backing.kind === "device" || wanted === file)) return [];
  return [
    {
      host,
      title: state.mounted
        ? `grow the homes' file system to ${formatSize(wanted)}`
        : `grow the storage file to ${formatSize(wanted)}`,
      detail: `from ${formatSize(state.mounted ? state.size : file)}, without interruption`,
      run: () =>
        host.script(
          [
            "{",
            "set -e",
            ...(backing.kind === "file" ? [growFile(wanted)] : []),
            growScript,
            "}",
          ].join("\n"),
          { timeout: 600_000 },
        ),
    },
  ];
};

/** A script that grows the file system to the size of its disk; does nothing if it has that size or is not mounted. */
export const growScript = `if mountpoint -q ${paths.storage}; then xfs_growfs -d ${paths.storage} >/dev/null; fi`;

// Fully allocated, as at its creation: a sparse file could fill the root disk while the class is running.
const growFile = (size: number): string => `fallocate -l ${size} ${paths.storageFile}
for loop in $(losetup -nO NAME -j ${paths.storageFile}); do losetup -c "$loop"; done`;

const wantedSize = (backing: Backing, state: DiskState): number => {
  if (backing.kind === "file") return state.file === undefined ? 0 : backing.size;
  return state.mounted ? state.room : 0;
};

const refuseFileSize = (host: Host, facts: Facts, file: number, wanted: number): void => {
  if (wanted < file)
    throw new UserError(
      `the storage file has ${formatSize(file)}, but the configuration says ${formatSize(wanted)}; a storage file can only grow`,
      {
        host: host.name,
        hint: `write \`file: ${formatSize(file).replace(/ (.)B$/, "$1")}\` or more; to start with a smaller file, delete all homes first: \`swarmhub down --delete-homes\``,
        code: exitCode.preflight,
      },
    );
  refuseFullRoot(host, facts, wanted, wanted - file);
};

/** Throws a UserError (preflight) if the root disk lacks space for a storage file of `size` bytes, `needed` of them still to allocate. */
export const refuseFullRoot = (host: Host, facts: Facts, size: number, needed: number): void => {
  if (needed === 0 || facts.freeForHomes >= needed + reservedOnRoot) return;
  throw new UserError(
    `the disk of ${paths.state} has ${formatSize(facts.freeForHomes)} free; a storage file of ${formatSize(size)} must leave ${formatSize(reservedOnRoot)}`,
    {
      host: host.name,
      hint: "lower `storage: file`, or name a disk in `storage: device`",
      code: exitCode.preflight,
    },
  );
};
