import { ifExists } from "../../docker/client.js";
import type { Host } from "../../host/host.js";
import { labelFilter, labels } from "../../names.js";

/**
 * Removes the containers that the class's former Swarm left on a machine: an Engine whose node did not start forgets them when it leaves
 * (moby daemon/cluster/swarm.go, Leave), and they would hold the mounts of homes at a former address.
 */
export const removeFormerContainers = async (
  { docker }: Host,
  className: string,
): Promise<void> => {
  const filters = { label: labelFilter(className, labels.service) };
  for (const { Id } of await docker.listContainers({ all: true, filters }))
    await ifExists(docker.getContainer(Id).remove({ force: true }));
};
