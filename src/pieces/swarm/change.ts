import { absent } from "../../docker.js";
import type { Host } from "../../host.js";
import { inSequence } from "../shared/in-sequence.js";
import { waitForNode, type SwarmNode } from "./members.js";

/** The label of nodes that users' servers are placed on. Swarm ends servers on a node that loses it. */
export const usersLabel = "swarmhub.users";

/** Takes a node out of the manager's list, whatever its state; one that is not there is no error. */
export const removeNode = (manager: Host, id: string): Promise<unknown> =>
  absent(manager.docker.getNode(id).remove({ force: true }));

/** Changes what the manager keeps of a node, once it sees that as ready; answers the node's id. */
export const changeNode = async (
  manager: Host,
  host: Host,
  change: (spec: SwarmNode["Spec"]) => SwarmNode["Spec"],
): Promise<string> => {
  let id = "";
  await inSequence(async () => {
    const { ID, Version, Spec } = await waitForNode(manager, host);
    id = ID;
    await manager.docker.getNode(ID).update({ version: Version.Index, ...change(Spec) });
  });
  manager.forget();
  return id;
};
