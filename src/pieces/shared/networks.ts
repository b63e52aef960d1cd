import type { Host } from "../../host/host.js";
import { formerNames, labels } from "../../names.js";
import type { Step } from "../../reconcile/piece.js";
import type { Network } from "../../swarm/list.js";
import { removeWhenUnused } from "../../swarm/retry.js";

/** The class's network of the former name; undefined if there is none. */
export const formerNetworkIn = (
  networks: readonly Network[],
  className: string,
): Network | undefined =>
  networks.find(
    ({ Name, Labels }) => Name === formerNames.network && Labels?.[labels.class] === className,
  );

/** The step that removes a network, once its last task has left; none without a network. */
export const removeNetworkSteps = (network: Network | undefined, manager: Host): Step[] =>
  network === undefined
    ? []
    : [
        {
          host: manager,
          title: `remove the overlay network ${network.Name}`,
          run: () => removeWhenUnused(() => manager.docker.getNetwork(network.Id).remove()),
        },
      ];
