import { isHomeName } from "./storage-folders.js";

/** What `lsattr -p` says about a folder: its project id, and whether what is made inside takes that id over. */
export type Attributes = { projectId: number; inherits: boolean };

/** Hard limits: KiB, and files and folders together. */
export type Limit = { hardKiB: number; hardFiles: number };

/** What XFS has on a project id's account; a limit of 0 is no limit. */
export type Account = Limit & { usedKiB: number; usedFiles: number };

/** Whether anything is on an account. */
export const isUsed = (account: Account | undefined): boolean =>
  account !== undefined && account.usedKiB + account.usedFiles > 0;

/** The folder that holds the homes, as lsattr names it. */
export const parentName = ".";

/** The greatest project id: 2^32-1 stands for "none" in the kernel. */
export const greatestProjectId = 2 ** 32 - 2;

/**
 * Reads `lsattr -pa FOLDER`: attributes by name, for homes and for `.`. A name that holds newlines spreads over lines, but
 * none of these can look like an entry's first: that has the folder's path and a slash in it, and no name has a slash.
 */
export const parseLsattr = (text: string, folder: string): Map<string, Attributes> => {
  const found = new Map<string, Attributes>();
  const lines = text.replace(/\n$/, "").split("\n");
  const starts = lines.map((line) => /^ *(\d+) ([-A-Za-z]+) (\/.*)$/s.exec(line));
  for (const [index, start] of starts.entries()) {
    const [, projectId = "", flags = "", path = ""] = start ?? [];
    const goesOn = index + 1 < lines.length && starts[index + 1] === null;
    if (goesOn || !path.startsWith(`${folder}/`)) continue;
    const name = path.slice(folder.length + 1);
    if (name !== parentName && !isHomeName(name)) continue;
    found.set(name, { projectId: Number(projectId), inherits: flags.includes("P") });
  }
  return found;
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

// Used, soft, hard, warnings and grace: of blocks, then of inodes.
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

/** A limit in bytes as XFS keeps it: whole blocks of 4 KiB, at least one, given in KiB. */
export const limitInKiB = (bytes: number): number => Math.max(1, Math.floor(bytes / 4096)) * 4;

/** `xfs_quota` in expert mode on one file system, without the projects files, which are not ours. */
export const xfsQuota = (root: string, ...commands: readonly string[]): string[] => [
  ..."xfs_quota -x -D /dev/null -P /dev/null".split(" "),
  ...commands.flatMap((command) => ["-c", command]),
  root,
];

/** The command for `xfs_quota` that reports accounts: all of them, or those of a range of ids from 1 on. */
export const reportCommand = (range?: readonly [first: number, last: number]): string =>
  ["report -p -n -N -b -i", ...(range === undefined ? [] : [`-L ${range[0]} -U ${range[1]}`])].join(
    " ",
  );

/** The command for `xfs_quota` that limits a project id. */
export const limitCommand = (projectId: number, { hardKiB, hardFiles }: Limit): string =>
  `limit -p bhard=${hardKiB}k ihard=${hardFiles} ${projectId}`;

/**
 * The commands for `xfs_io` that give one folder a project id which all made inside takes over, and read it back. It goes
 * on after an `open` that failed; `close` sees to it that the next commands then find no folder rather than another one.
 */
export const assignCommands = (folder: string, projectId: number): string[] => [
  `open -r ${folder}`,
  `chproj ${projectId}`,
  "chattr +P",
  "lsproj",
  "close",
];

/** Reads what `lsproj` said: the project ids that folders took. */
export const parseProjectIds = (text: string): Set<number> =>
  new Set([...text.matchAll(/^projid = (\d+)$/gm)].map((match) => Number(match[1])));
