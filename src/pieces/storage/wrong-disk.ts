import { storageAddressIn } from "../../../contracts/hub-settings.js";
import type { Cluster } from "../../cluster/cluster.js";
import type { Machines } from "../../cluster/machines.js";
import { UserError, exitCode } from "../../errors.js";
import type { Disk, Facts } from "../../host/facts.js";
import type { Host } from "../../host/host.js";
import { paths } from "../../paths.js";
import { formatSize } from "../../text/format.js";
import type { DiskState } from "./disk.js";
import { hasHomes, homesLabel, lostAtStop } from "./identity.js";
import { reservedOnRoot } from "./grow.js";

/** The UserError (preflight) for a configuration without a disk; its hint lists the machine's disks as lines to paste. */
export const unnamedDiskError = (host: Host, facts: Facts, state: DiskState): UserError => {
  const error = (situation: string, ...lines: string[]): UserError =>
    new UserError(
      `the machine ${situation}, but the configuration names no disk or file for the homes`,
      {
        host: host.name,
        hint:
          lines.length > 1
            ? ["add one of these lines to `storage:`", ...lines].join("\n")
            : `add to \`storage:\`\n${lines.join("\n")}`,
        code: exitCode.preflight,
      },
    );
  if (state.mounted && state.source !== undefined)
    return state.source.startsWith("/dev/loop")
      ? error("has the homes in a file", fileLine(state.file ?? 0))
      : error(
          `has the homes on ${state.source}`,
          deviceLine({ ...state.mountedDisk, path: state.source, size: state.room }),
        );
  if (state.homes.length > 0)
    return error(
      state.homes.length === 1 ? "has a disk with homes" : "has several disks with homes",
      ...state.homes.map(deviceLine),
    );
  if (state.file !== undefined) return error("has a file with homes", fileLine(state.file));
  if (state.blank.length > 0)
    return error(
      state.blank.length === 1 ? "has a blank disk" : `has ${state.blank.length} blank disks`,
      ...state.blank.map(deviceLine),
    );
  const size = fittingSize(facts);
  if (size > 0)
    return error(
      "has no blank disk",
      `${fileLine(size * 2 ** 30)}: slower than a disk, since each write passes two file systems`,
    );
  return new UserError(
    `there is no blank disk, and the disk of ${paths.state} (${formatSize(facts.freeForHomes)} free) has no room for a storage file`,
    {
      host: host.name,
      hint: "attach a disk, or write `storage: temporary` to keep homes only while their servers run",
      code: exitCode.preflight,
    },
  );
};

/** Throws a UserError (preflight) if homes are on another disk than the configured one, which is missing or has no homes. */
export const refuseOtherHomes = (host: Host, path: string, state: DiskState): void => {
  const [first] = state.homes;
  if (first === undefined) return;
  const [problem, otherwise] =
    state.device === undefined
      ? ["does not exist", ""]
      : [
          "has none",
          `; to start without them on ${path}, first remove their label (${homesLabel}) on ${host.name}: \`sudo xfs_admin -L old ${first.path}\``,
        ];
  throw new UserError(
    `the homes of a class are on ${first.path} (${formatSize(first.size)}), but the configuration says ${path}, which ${problem}`,
    {
      host: host.name,
      hint: `to keep these homes, write \`device: ${first.stableName ?? first.path}\`${otherwise}`,
      code: exitCode.preflight,
    },
  );
};

/** The UserError (preflight) for a configured disk that does not exist. */
export const missingDiskError = (host: Host, path: string, { blank }: DiskState): UserError =>
  new UserError(`there is no disk ${path}`, {
    host: host.name,
    hint:
      blank.length === 0
        ? `write \`file: 40G\` to keep the homes on its root disk, or name one of its disks: \`ssh ${host.name} lsblk\``
        : ["its blank disks:", ...blank.map(deviceLine)].join("\n"),
    code: exitCode.preflight,
  });

// The kernel numbers disks anew at each boot, so a name that stays is proposed.
const deviceLine = (disk: DiskLine): string => {
  const about = [
    formatSize(disk.size),
    ...(disk.model === undefined ? [] : [disk.model]),
    ...(disk.stableName === undefined ? [] : [disk.path]),
    ...(disk.isLostAtStop === true ? [lostAtStop] : []),
  ];
  return `  device: ${disk.stableName ?? disk.path}   # ${about.join(", ")}`;
};

type DiskLine = Pick<Disk, "path" | "size"> & Partial<Disk>;

const fileLine = (bytes: number): string =>
  `  file: ${Math.floor(bytes / 2 ** 30)}G   # a file on the root disk (${paths.storageFile})`;

/** The largest round size in GB that leaves room for the system, Docker and images; 0 if none does. */
const fittingSize = ({ freeForHomes, units }: Facts): number => {
  const images = units["docker.service"] === "active" ? 0 : 5 * 2 ** 30;
  const maximum = Math.floor((freeForHomes - reservedOnRoot - images) / 2 ** 30);
  return [500, 200, 100, 80, 60, 40, 20, 10, 5, 2, 1].find((size) => size <= maximum) ?? 0;
};

/**
 * Throws a UserError (preflight) if the hub uses a storage server that is no longer in the configuration: that server would
 * keep exporting the homes, and all users would get an empty home.
 */
export const refuseHomesElsewhere = (
  machines: Machines,
  disk: DiskState,
  cluster: Cluster,
): void => {
  const { config, manager, storage, hosts } = cluster;
  if (storage !== undefined && storage !== manager) return;
  const { facts } = machines(manager);
  const address = storageAddressIn(facts.files[paths.hubConfiguration] ?? "");
  // If the manager has the homes, its address may have changed, and their disk may have been moved to it.
  const isOnManager = disk.mounted || (disk.device !== undefined && hasHomes(disk.device));
  if (address === undefined || isOnManager || facts.files[paths.exports] !== undefined) return;
  if (hosts.some((host) => machines(host).address === address)) return;
  throw new UserError(
    `the homes of ${config.name} are on the storage server ${address}, which is no longer in the configuration`,
    {
      hint: `add its \`host: …\` to \`storage:\` again, type \`swarmhub down\` (it keeps the homes), then change the configuration; if that server is gone for good, type \`swarmhub down\` now`,
      code: exitCode.preflight,
    },
  );
};
