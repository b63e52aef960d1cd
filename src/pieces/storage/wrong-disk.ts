import type { Cluster } from "../../cluster/cluster.js";
import type { Machines } from "../../cluster/machines.js";
import { UserError, exitCode } from "../../errors.js";
import type { Disk, Facts } from "../../host/facts.js";
import type { Host } from "../../host/host.js";
import { paths } from "../../paths.js";
import { formatSize } from "../../text/format.js";
import { type DiskState, isHomes, label } from "./disk.js";
import { spareOnRoot } from "./grow.js";

/** The configuration names no disk: says which there are, as lines to paste. */
export const askForDisk = (host: Host, facts: Facts, state: DiskState): UserError => {
  const ask = (what: string, ...lines: string[]): UserError =>
    new UserError(`the machine ${what}, and the configuration does not say where the homes lie`, {
      host: host.name,
      hint:
        lines.length > 1
          ? ["write one of these lines below `storage:`", ...lines].join("\n")
          : `write below \`storage:\`\n${lines.join("\n")}`,
      code: exitCode.preflight,
    });
  if (state.mounted && state.source !== undefined)
    return state.source.startsWith("/dev/loop")
      ? ask("has the homes in a file", fileLine(state.file ?? 0))
      : ask(
          `has the homes on ${state.source}`,
          deviceLine({ path: state.source, size: state.room }),
        );
  if (state.homes.length > 0)
    return ask(
      state.homes.length === 1 ? "has a disk with homes" : "has several disks with homes",
      ...state.homes.map(deviceLine),
    );
  if (state.file !== undefined) return ask("has a file with homes", fileLine(state.file));
  if (state.blank.length > 0)
    return ask(
      state.blank.length === 1 ? "has a blank disk" : `has ${state.blank.length} blank disks`,
      ...state.blank.map(deviceLine),
    );
  const size = fittingSize(facts);
  if (size > 0)
    return ask(
      "has no blank disk",
      `${fileLine(size * 2 ** 30)}: slower than a disk, as each write goes through two file systems`,
    );
  return new UserError(
    `there is no blank disk, and with ${formatSize(facts.freeOnRoot)} free no room for a file on its root disk`,
    {
      host: host.name,
      hint: "attach a disk to it, or `storage: temporary` keeps homes only as long as their servers run",
      code: exitCode.preflight,
    },
  );
};

/** The homes are on another disk than the one named, which is not there or holds no homes. */
export const refuseOtherHomes = (host: Host, path: string, state: DiskState): void => {
  const [first] = state.homes;
  if (first === undefined) return;
  const [named, otherwise] =
    state.device === undefined
      ? ["is not there", ""]
      : [
          "holds none",
          `; to begin without them on ${path}, take their mark (${label}) away first: \`sudo xfs_admin -L old ${first.path}\` on ${host.name}`,
        ];
  throw new UserError(
    `the homes of a class are on ${first.path} (${formatSize(first.size)}), and the configuration says ${path}, which ${named}`,
    {
      host: host.name,
      hint: `write \`device: ${first.path}\` to go on with these homes${otherwise}`,
      code: exitCode.preflight,
    },
  );
};

/** The disk that the configuration names does not exist. */
export const noSuchDisk = (host: Host, path: string, { blank }: DiskState): UserError =>
  new UserError(`there is no disk ${path}`, {
    host: host.name,
    hint:
      blank.length === 0
        ? `\`ssh ${host.name} lsblk\` shows the disks it has; without one to spare, \`file: 40G\` puts the homes on its root disk`
        : ["it has these blank ones:", ...blank.map(deviceLine)].join("\n"),
    code: exitCode.preflight,
  });

const deviceLine = ({ path, size }: Pick<Disk, "path" | "size">): string =>
  `  device: ${path}   # ${formatSize(size)}`;

const fileLine = (bytes: number): string =>
  `  file: ${Math.floor(bytes / 2 ** 30)}G   # a file on the root disk (${paths.storageFile})`;

/** The largest round number of GB that leaves room for the system, Docker and images; 0 where there is none. */
const fittingSize = ({ freeOnRoot, units }: Facts): number => {
  const images = units["docker.service"] === "active" ? 0 : 5 * 2 ** 30;
  const most = Math.floor((freeOnRoot - spareOnRoot - images) / 2 ** 30);
  return [500, 200, 100, 80, 60, 40, 20, 10, 5, 2, 1].find((size) => size <= most) ?? 0;
};

/**
 * Throws a UserError (preflight) where the hub has its homes from a server that the configuration names no more: nobody would
 * let go of them there, and everybody would find an empty home.
 */
export const refuseHomesElsewhere = (
  machines: Machines,
  disk: DiskState,
  cluster: Cluster,
): void => {
  const { config, manager, storage, hosts } = cluster;
  if (storage !== undefined && storage !== manager) return;
  const { facts } = machines(manager);
  const address = addressIn(facts.files[paths.hubConfiguration]);
  // A manager that has the homes itself may have another address since, and their disk may have moved to it.
  const isHere = disk.mounted || (disk.device !== undefined && isHomes(disk.device));
  if (address === undefined || isHere || facts.files[paths.exports] !== undefined) return;
  if (hosts.some((host) => machines(host).address === address)) return;
  throw new UserError(
    `the homes of ${config.name} lie on a server of their own, ${address}, and the configuration does not name it any more`,
    {
      hint: `write \`host: …\` below \`storage:\` again, type \`swarmhub down\`, which keeps the homes there, and then change the configuration; where that server is gone for good, \`swarmhub down\` at once`,
      code: exitCode.preflight,
    },
  );
};

/** The storage's address in the hub's settings, if these are ours and name one. */
const addressIn = (settings: string | undefined): string | undefined =>
  /^ {2}"storage": \{\n {4}"address": "([\d.]+)",$/m.exec(settings ?? "")?.[1];
