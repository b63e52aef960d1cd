import type { Cluster } from "../../cluster/cluster.js";
import { ifExists } from "../../docker/client.js";
import { labels } from "../../names.js";
import type { Step } from "../../reconcile/piece.js";
import { type Network, classServices } from "../../swarm/list.js";
import { removeWhenUnused } from "../../swarm/retry.js";
import { serviceLabel, waitUntilGone } from "../../swarm/tasks.js";
import { plural } from "../../text/format.js";

const option = "encrypted";

/** The option of an encrypted overlay network for Docker's API; none for another. */
export const encryptionOption = (isEncrypted: boolean): Record<string, string> =>
  isEncrypted ? { [option]: "" } : {};

/** Whether Docker encrypts a network: it looks whether the option is there (moby libnetwork/drivers/overlay/ov_network.go). */
export const isEncrypted = ({ Options: options }: Network): boolean =>
  options?.[option] !== undefined && options[option] !== "false";

/**
 * The step that makes the network anew, since Docker changes no option of a network. `servers` is the number of users' servers, which
 * stop. The parts of the class start again by their own plans.
 */
export const remakeStep = (
  network: Network,
  servers: number,
  cluster: Cluster,
  create: () => Promise<unknown>,
): Step => {
  const now = cluster.config.swarm.encrypted ? "encrypted" : "not encrypted";
  const stopping =
    servers === 0 ? "" : `${plural(servers, "running server")} of users will stop, homes stay; `;
  return {
    host: cluster.manager,
    title: `make the overlay network ${network.Name} anew`,
    detail: `${now}; ${stopping}proxy, hub and edge start again`,
    run: async () => {
      await stopServices(network, cluster);
      await removeWhenUnused(() => cluster.manager.docker.getNetwork(network.Id).remove());
      await create();
    },
  };
};

/** Stops what uses the network; our own services first, so that the hub starts no server of a user meanwhile. */
const stopServices = async ({ Id, Name }: Network, cluster: Cluster): Promise<void> => {
  const { manager, nodes } = cluster;
  const stop = async (areOfUsers: boolean): Promise<void> => {
    manager.forget();
    const services = (await classServices(cluster)).filter(
      ({ Spec }) =>
        (Spec.Labels?.[labels.user] !== undefined) === areOfUsers &&
        Spec.TaskTemplate.Networks?.some(({ Target }) => Target === Id || Target === Name),
    );
    await Promise.all(services.map(({ ID }) => ifExists(manager.docker.getService(ID).remove())));
    const hosts = areOfUsers ? nodes : [manager];
    await Promise.all(
      hosts.flatMap((host) =>
        services.map(({ Spec }) => waitUntilGone(host, [serviceLabel(Spec.Name)])),
      ),
    );
  };
  await stop(false);
  await stop(true);
};
