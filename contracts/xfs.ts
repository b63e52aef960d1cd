import { isHomeName } from "./storage-folders.js";

/** The attributes of a folder in `lsattr -p`: its project id, and whether new files inside inherit it. */
export type Attributes = { projectId: number; inherits: boolean };

/** Hard limits: space in KiB, and the number of files and folders together. */
export type Limit = { hardKiB: number; hardFiles: number };

/** The account of a project id in XFS; a limit of 0 is no limit. */
export type Account = Limit & { usedKiB: number; usedFiles: number };

/** Whether anything is on an account. */
export const isUsed = (account: Account | undefined): boolean =>
  account !== undefined && account.usedKiB + account.usedFiles > 0;

/** The folder that holds the homes, as lsattr names it. */
export const parentName = ".";

/** The greatest project id: 2^32-1 is "none" in the kernel. */
export const greatestProjectId = 2 ** 32 - 2;

/**
 * Parses `lsattr -pa FOLDER`: attributes by name, for homes and for `.`. A name with newlines takes several lines, but none of
 * these can pass for the first line of an entry: that contains the folder's path and a slash, and no name has a slash.
 */
export const parseLsattr = (text: string, folder: string): Map<string, Attributes> => {
  const homes = new Map<string, Attributes>();
  const lines = text.replace(/\n$/, "").split("\n");
  const starts = lines.map((line) => /^ *(\d+) ([-A-Za-z]+) (\/.*)$/s.exec(line));
  for (const [index, start] of starts.entries()) {
    const [, projectId = "", flags = "", path = ""] = start ?? [];
    const hasMoreLines = index + 1 < lines.length && starts[index + 1] === null;
    if (hasMoreLines || !path.startsWith(`${folder}/`)) continue;
    const name = path.slice(folder.length + 1);
    if (name !== parentName && !isHomeName(name)) continue;
    homes.set(name, { projectId: Number(projectId), inherits: flags.includes("P") });
  }
  return homes;
};

/** Parses what `reportCommand` prints: the account of each project id. */
export const parseReport = (text: string): Map<number, Account> => {
  const accounts = new Map<number, Account>();
  for (const line of text.split("\n")) {
    const [, id, usedKiB, hardKiB, usedFiles, hardFiles] = accountLine.exec(line) ?? [];
    if (id === undefined) continue;
    accounts.set(Number(id), {
      usedKiB: Number(usedKiB),
      hardKiB: Number(hardKiB),
      usedFiles: Number(usedFiles),
      hardFiles: Number(hardFiles),
    });
  }
  return accounts;
};

// Used, soft, hard, warnings and grace: for blocks, then for inodes.
const accountLine = /^#(\d+)\s+(\d+)\s+\d+\s+(\d+)\s+\d+\s+\[[^\]]*\]\s+(\d+)\s+\d+\s+(\d+)\s/;

/** The command for `xfs_quota` that prints whether limits of projects are in force. */
export const stateCommand = "state -p";

/** Parses what `stateCommand` prints: whether limits of projects are in force; undefined where it does not say. */
export const parseState = (text: string): boolean | undefined => {
  const words = ["Accounting", "Enforcement"].map(
    (name) => new RegExp(`^\\s*${name}:\\s*(ON|OFF)\\b`, "m").exec(text)?.[1],
  );
  return words.includes(undefined) ? undefined : words.every((word) => word === "ON");
};

/** A limit in bytes as XFS stores it, in KiB: whole blocks of 4 KiB, at least one. */
export const limitInKiB = (bytes: number): number => Math.max(1, Math.floor(bytes / 4096)) * 4;

/** `xfs_quota` in expert mode on one file system, without the files /etc/projects and /etc/projid, which are not ours. */
export const xfsQuota = (root: string, ...commands: readonly string[]): string[] => [
  ..."xfs_quota -x -D /dev/null -P /dev/null".split(" "),
  ...commands.flatMap((command) => ["-c", command]),
  root,
];

/** The command for `xfs_quota` that prints accounts: all of them, or those of a range of ids from 1 on. */
export const reportCommand = (range?: readonly [first: number, last: number]): string =>
  ["report -p -n -N -b -i", ...(range === undefined ? [] : [`-L ${range[0]} -U ${range[1]}`])].join(
    " ",
  );

/** The command for `xfs_quota` that limits a project id. */
export const limitCommand = (projectId: number, { hardKiB, hardFiles }: Limit): string =>
  `limit -p bhard=${hardKiB}k ihard=${hardFiles} ${projectId}`;

/**
 * The commands for `xfs_io` that give one folder a project id which new files inside inherit, and read it back. xfs_io
 * continues after an `open` that failed; because of `close` the next commands then find no folder rather than another one.
 */
export const assignCommands = (folder: string, projectId: number): string[] => [
  `open -r ${folder}`,
  `chproj ${projectId}`,
  "chattr +P",
  "lsproj",
  "close",
];

/** Parses what `lsproj` printed: the project ids that folders took. */
export const parseProjectIds = (text: string): Set<number> =>
  new Set([...text.matchAll(/^projid = (\d+)$/gm)].map((match) => Number(match[1])));
