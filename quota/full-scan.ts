import { join } from "node:path";
import { storageFolders } from "../contracts/storage-folders.js";
import {
  type Account,
  type Attributes,
  parentName,
  parseLsattr,
  parseReport,
  reportCommand,
  xfsQuota,
} from "../contracts/xfs.js";
import { chunks } from "./batches.js";
import { type Run, lastLines, stdoutOf } from "./command.js";
import { ranges } from "./project-ids.js";

/** Every home and every account. */
export type FullScan = {
  /** By name; the folder that holds the homes is ".". */
  attributes: ReadonlyMap<string, Attributes>;
  accounts: ReadonlyMap<number, Account>;
};

/**
 * Reads every home and then every account, with two child processes. They are nice: for 10,000 homes they take seconds of a
 * processor. Throws where one of them fails.
 */
export const fullScan = async (root: string, run: Run): Promise<FullScan> => {
  const folder = join(root, storageFolders.homes);
  const output = await run([...nice, "lsattr", "-pa", folder]);
  const attributes = parseLsattr(output.stdout, folder);
  // A home that disappears meanwhile makes lsattr fail, which is no error.
  if (!attributes.has(parentName))
    throw new Error(`\`lsattr -pa ${folder}\` ended with ${output.code}: ${lastLines(output)}`);
  const report = await stdoutOf(run, [...nice, ...xfsQuota(root, reportCommand())]);
  const accounts = parseReport(report);
  // Without its device file xfs_quota prints nothing and succeeds; the disk's own root is always on an account.
  if (accounts.size === 0) throw new Error("xfs_quota reports no project's account, not even 0");
  return { attributes, accounts };
};

const nice = ["nice", "-n", "19"];

/** Reads the attributes of some homes; one that disappeared makes lsattr fail, and is only missing. */
export const readHomes = async (
  root: string,
  run: Run,
  names: readonly string[],
): Promise<Map<string, Attributes>> => {
  const folder = join(root, storageFolders.homes);
  const found = new Map<string, Attributes>();
  for (const some of chunks(names)) {
    const { stdout } = await run(["lsattr", "-pd", ...some.map((name) => `${folder}/${name}`)]);
    for (const [name, attributes] of parseLsattr(stdout, folder)) found.set(name, attributes);
  }
  return found;
};

/** Reads the accounts of some ids, because a report of 10,000 takes seconds. An id that was never used has none. */
export const readAccounts = async (
  root: string,
  run: Run,
  ids: readonly number[],
): Promise<Map<number, Account>> => {
  const found = new Map<number, Account>();
  for (const some of chunks(ranges(ids))) {
    const report = await stdoutOf(run, xfsQuota(root, ...some.map(reportCommand)));
    for (const [id, account] of parseReport(report)) found.set(id, account);
  }
  return found;
};
