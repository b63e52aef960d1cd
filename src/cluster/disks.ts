import {
  type WrittenLayer,
  endedServersIn,
  largestLayersIn,
  nearlyFull,
} from "../../contracts/machine-report.js";
import { UserError, exitCode } from "../errors.js";
import type { Facts, FreeSpace } from "../host/facts.js";
import type { Host } from "../host/host.js";
import { paths } from "../paths.js";
import { countText, formatSize, momentText } from "../text/format.js";
import { hasQuotaDisk } from "./scratch.js";

/** Bytes and files that commands on a machine need: the state of Docker and of the packages, and a few files of ours. */
const needed = { bytes: 64 * 2 ** 20, files: 200 };

/** The sentence about a machine that gets no new servers because a disk of Docker's is nearly full; undefined for others. */
export const fullDiskText = (facts: Facts): string | undefined => {
  const disk = facts.dockerDisks.find(isNearlyFull);
  if (disk === undefined) return undefined;
  const { path, bytes, freeBytes, files, freeFiles } = disk;
  const free =
    freeBytes < nearlyFull.bytes
      ? `${formatSize(freeBytes)} of ${formatSize(bytes)}`
      : `${countText(freeFiles)} of ${countText(files)} files`;
  return `only ${free} free in ${path}, so it gets no new servers${writersText(facts)}`;
};

/** What to do about it. */
export const fullDiskHint = (host: Host, facts: Facts): string => {
  const [first] = writersOf(facts);
  return first === undefined
    ? `free some space on ${host.name}; to see what is large: \`sudo du -xh --max-depth=2 / | sort -h | tail\``
    : `stop the server of ${first.user} on the hub's admin page, which removes these files; to see the address, type: swarmhub open`;
};

/** The lines about disks that are over 80 % full while there is still room for servers. */
export const fillingText = (host: Host, facts: Facts): string[] =>
  facts.dockerDisks
    .filter((disk) => !isNearlyFull(disk) && disk.freeBytes < 0.2 * disk.bytes)
    // What is left beside the file with Docker's data is for the system.
    .filter(({ path }) => path === paths.dockerFolder || !hasQuotaDisk(facts))
    .map(
      ({ path, bytes, freeBytes }) =>
        `${host.name}: ${formatSize(freeBytes)} of ${formatSize(bytes)} free in ${path}${writersText(facts)}`,
    );

/** The lines about users' servers that were ended because the disk was full, since the machine's start. */
export const endedLines = (host: Host, { files }: Facts): string[] =>
  endedServersIn(files[paths.endedServers]).map(
    (ended) =>
      `${host.name}: the disk was full, so the server of ${ended.user} was ended at ${momentText(new Date(ended.at * 1000))}; it had written ${amountText(ended)} outside its home`,
  );

/** The disks of a machine, and the users who have written most outside their homes, for `--json`. */
export const diskJson = (host: Host, facts: Facts) => ({
  host: host.name,
  disks: facts.dockerDisks,
  largestLayers: writersOf(facts),
  endedServers: endedServersIn(facts.files[paths.endedServers]),
});

/** Whether there is so little room that commands on the machine fail. */
export const isFull = ({ dockerDisks }: Facts): boolean =>
  dockerDisks.some(
    ({ freeForRoot, files, freeFiles }) =>
      freeForRoot < needed.bytes || (files > 0 && freeFiles < needed.files),
  );

/** Throws one UserError (preflight) that names each machine without room for a command, before the command begins. */
export const refuseFull = async (hosts: readonly Host[]): Promise<void> => {
  const full = (
    await Promise.all(hosts.map(async (host) => ({ host, facts: await host.facts() })))
  ).filter(({ facts }) => isFull(facts));
  const [first] = full;
  if (first === undefined) return;
  throw new UserError(
    full
      .map(({ host, facts }) => `${host.name}: its disk is full: ${fullDiskText(facts) ?? ""}`)
      .join("\n"),
    { hint: fullDiskHint(first.host, first.facts), code: exitCode.preflight },
  );
};

const isNearlyFull = ({ freeBytes, files, freeFiles }: FreeSpace): boolean =>
  freeBytes < nearlyFull.bytes || (files > 0 && freeFiles < nearlyFull.files);

const writersText = (facts: Facts): string => {
  const writers = writersOf(facts).map((layer) => `${layer.user} ${amountText(layer)}`);
  return writers.length === 0 ? "" : `; written outside the homes: ${writers.join(", ")}`;
};

const amountText = ({ bytes, files }: WrittenLayer): string =>
  bytes !== null
    ? formatSize(bytes)
    : files !== null
      ? `${countText(files)} files`
      : "more files than could be counted";

const writersOf = ({ files }: Facts) => largestLayersIn(files[paths.largestLayers]);
