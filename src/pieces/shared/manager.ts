import type { Cluster } from "../../cluster.js";
import type { Docker } from "../../docker.js";
import { memberOf } from "./member.js";

/** The manager's Docker where it runs and is a Swarm manager, else undefined: nothing of ours can be there then. */
export const managerDocker = async ({ manager }: Cluster): Promise<Docker | undefined> =>
  (await memberOf(manager)).manages ? manager.docker : undefined;
