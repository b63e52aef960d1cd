import type { Backing } from "../../config/types.js";
import { UserError, exitCode } from "../../errors.js";
import type { Facts } from "../../host/facts.js";
import type { Host } from "../../host/host.js";
import { paths } from "../../paths.js";
import type { Step } from "../../reconcile/piece.js";
import { formatSize } from "../../text/format.js";
import type { DiskState } from "./disk.js";

/** Bytes that a storage file leaves for the system and Docker. */
export const spareOnRoot = 2 * 1024 ** 3;

// XFS leaves unused what is too little for one more allocation group.
const slack = 16 * 1024 ** 2;
// bytes

/** The steps that make the homes' file system as large as what lies under it, and the storage file as large as the configuration says. */
export const growSteps = (backing: Backing, host: Host, facts: Facts, state: DiskState): Step[] => {
  const wanted = wantedSize(backing, state);
  if (wanted === 0) return [];
  const file = backing.kind === "file" ? (state.file ?? 0) : 0;
  if (backing.kind === "file") refuseFile(host, facts, file, wanted);
  const isSmall = state.mounted && state.size > 0 && wanted - state.size > slack;
  if (!isSmall && (backing.kind === "device" || wanted === file)) return [];
  return [
    {
      host,
      title: state.mounted
        ? `grow the homes' file system to ${formatSize(wanted)}`
        : `grow the storage file to ${formatSize(wanted)}`,
      detail: `it has ${formatSize(state.mounted ? state.size : file)}; nothing has to stop`,
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

/** A script that makes the file system as large as its disk; harmless where it is, or where none is mounted. */
export const growScript = `if mountpoint -q ${paths.storage}; then xfs_growfs -d ${paths.storage} >/dev/null; fi`;

// Allocated whole, as when it was made: a sparse file would find the root disk full in the middle of class.
const growFile = (size: number): string => `fallocate -l ${size} ${paths.storageFile}
for loop in $(losetup -nO NAME -j ${paths.storageFile}); do losetup -c "$loop"; done`;

const wantedSize = (backing: Backing, state: DiskState): number => {
  if (backing.kind === "file") return state.file === undefined ? 0 : backing.size;
  return state.mounted ? state.room : 0;
};

const refuseFile = (host: Host, facts: Facts, file: number, wanted: number): void => {
  if (wanted < file)
    throw new UserError(
      `the storage file has ${formatSize(file)}, and the configuration says ${formatSize(wanted)}. A file of homes can grow, and never shrinks`,
      {
        host: host.name,
        hint: `write \`file: ${formatSize(file).replace(/ (.)B$/, "$1")}\` or more; a smaller one begins with \`swarmhub down --delete-homes\``,
        code: exitCode.preflight,
      },
    );
  refuseFullRoot(host, facts, wanted, wanted - file);
};

/** Refuses a storage file of that many bytes for which so many more are needed than the root disk can give. */
export const refuseFullRoot = (host: Host, facts: Facts, size: number, needed: number): void => {
  if (needed === 0 || facts.freeOnRoot >= needed + spareOnRoot) return;
  throw new UserError(
    `the root disk has ${formatSize(facts.freeOnRoot)} free; a storage file of ${formatSize(size)} must leave ${formatSize(spareOnRoot)}`,
    {
      host: host.name,
      hint: "make `storage: file` smaller, or name a disk with `storage: device`",
      code: exitCode.preflight,
    },
  );
};
