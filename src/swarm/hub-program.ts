import type { Cluster } from "../cluster/cluster.js";
import { UserError } from "../errors.js";
import { containerOf } from "./tasks.js";

/**
 * The command that runs a Python module, with arguments, in the hub's container. Throws a UserError if the hub does not run; `purpose`
 * is what cannot be done then.
 */
export const hubProgram = async (
  cluster: Cluster,
  module: readonly string[],
  purpose: string,
): Promise<string[]> => {
  const hub = await containerOf(cluster, "hub");
  if (hub === undefined)
    throw new UserError(`the hub does not run, so ${purpose}`, {
      host: cluster.manager.name,
      hint: "to start it, type `swarmhub up`",
    });
  return ["docker", "exec", "-i", hub, "python3", "-m", ...module];
};
