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
import { type Run, lastWords, stdoutOf } from "./command.js";
import type { FullScan } from "./known-state.js";
import { ranges } from "./project-ids.js";

/**
 * Asks for every home and then for every account, with two child processes. They are nice: of 10,000 homes they take seconds
 * of a processor. Throws where a part cannot be had.
 */
export const fullScan = async (root: string, run: Run): Promise<FullScan> => {
  const folder = join(root, storageFolders.homes);
  const output = await run([...nicely, "lsattr", "-pa", folder]);
  const attributes = parseLsattr(output.stdout, folder);
  // It ends with an error when a home went away meanwhile, which is none.
  if (!attributes.has(parentName))
    throw new Error(`\`lsattr -pa ${folder}\` ended with ${output.code}: ${lastWords(output)}`);
  const report = await stdoutOf(run, [...nicely, ...xfsQuota(root, reportCommand())]);
  const accounts = parseReport(report);
  // Without its device file xfs_quota says nothing and calls that success; the disk's own root is always on an account.
  if (accounts.size === 0) throw new Error("xfs_quota reports no project's account, not even 0");
  return { attributes, accounts };
};

const nicely = ["nice", "-n", "19"];

/** Asks for the attributes of some homes; one that went away makes lsattr fail, and is only missing. */
export const askHomes = async (
  root: string,
  run: Run,
  names: readonly string[],
): Promise<Map<string, Attributes>> => {
  const folder = join(root, storageFolders.homes);
  const answers = new Map<string, Attributes>();
  for (const some of chunks(names)) {
    const { stdout } = await run(["lsattr", "-pd", ...some.map((name) => `${folder}/${name}`)]);
    for (const [name, seen] of parseLsattr(stdout, folder)) answers.set(name, seen);
  }
  return answers;
};

/** Asks for the accounts of some ids: a report of 10,000 takes seconds. What was never used has none. */
export const askAccounts = async (
  root: string,
  run: Run,
  ids: readonly number[],
): Promise<Map<number, Account>> => {
  const answers = new Map<number, Account>();
  for (const some of chunks(ranges(ids))) {
    const report = await stdoutOf(run, xfsQuota(root, ...some.map(reportCommand)));
    for (const [id, account] of parseReport(report)) answers.set(id, account);
  }
  return answers;
};
