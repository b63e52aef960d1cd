import type { Cluster } from "../cluster/cluster.js";
import { UserError } from "../errors.js";
import { containerOf } from "./tasks.js";

/** The command that runs a Python module in the hub's container. Throws a UserError if the hub does not run; `so` is what that prevents. */
export const hubProgram = async (
  cluster: Cluster,
  module: string,
  action: string,
  so: string,
): Promise<string[]> => {
  const hub = await containerOf(cluster, "hub");
  if (hub === undefined)
    throw new UserError(`the hub does not run, so ${so}`, {
      host: cluster.manager.name,
      hint: "to start it, type `swarmhub up`",
    });
  return ["docker", "exec", "-i", hub, "python3", "-m", module, action];
};
