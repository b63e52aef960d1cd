import type { Cluster } from "../cluster/cluster.js";
import { CommandError, UserError } from "../errors.js";
import type { Host } from "../host/host.js";
import { containerOf } from "./tasks.js";

/**
 * Runs a Python module, with arguments, in the hub's container and returns its output. `purpose` is what cannot be done without it.
 * Throws a UserError if the hub does not run, or is older than this swarmhub and so has no such module.
 */
export const runHubProgram = async (
  cluster: Cluster,
  module: readonly string[],
  purpose: string,
  options: Parameters<Host["run"]>[1],
): Promise<string> => {
  const { manager } = cluster;
  const hub = await containerOf(cluster, "hub");
  if (hub === undefined)
    throw new UserError(`the hub does not run, so ${purpose}`, {
      host: manager.name,
      hint: "to start it, type `swarmhub up`",
    });
  try {
    return await manager.run(["docker", "exec", "-i", hub, "python3", "-m", ...module], options);
  } catch (error) {
    if (error instanceof CommandError && isUnknown(error.output.stderr))
      throw new UserError(`the hub is older than this swarmhub, so ${purpose}`, {
        host: manager.name,
        hint: "to bring the class up to date, type `swarmhub up`",
      });
    throw error;
  }
};

/** Python's words for a module of ours that is missing, or whose package is. */
const isUnknown = (stderr: string): boolean => /No module named '?swarmhub\b/.test(stderr);
