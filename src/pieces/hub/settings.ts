import type { HubImage, HubSettings } from "../../../contracts/hub-settings.js";
import type { Cluster } from "../../cluster/cluster.js";
import type { Machines } from "../../cluster/machines.js";
import { seatsOf } from "../../cluster/seats.js";
import type { Config } from "../../config/types.js";
import type { UserImage } from "../../images/pulled.js";
import { networkName, usersLabel } from "../../names.js";
import { paths } from "../../paths.js";

/**
 * The hub's own settings file: what hub/jupyterhub_config.py reads. `fixed` is what of it starts the hub anew when it
 * changes: not the number of seats, or each machine that joins or leaves would be noticed.
 */
export const hubConfiguration = (
  want: Config,
  machines: Machines,
  userImages: readonly Pick<UserImage, "image" | "wanted">[],
  cluster: Cluster,
): { content: string; fixed: string } => {
  const { storage } = cluster;
  const pinned = (image: string): string =>
    userImages.find((each) => each.image === image)?.wanted ?? image;
  const { images, ...servers } = want.servers;
  const { memory, cpu } = images[0] ?? servers;
  const settings: Omit<HubSettings, "seats"> = {
    name: want.name,
    network: networkName,
    image: pinned(servers.image),
    memory,
    guarantee: servers.guarantee ?? null,
    cpu,
    images: images.map(({ build: _, ...each }): HubImage => ({ ...each, image: pinned(each.image) })),
    idleTimeoutSeconds: servers.idle === undefined ? null : Math.ceil(servers.idle / 1000),
    storage: storage ? { address: machines(storage).address, path: paths.storage } : null,
    admins: want.login.admins,
    strategy: servers.strategy,
    placement: [`node.labels.${usersLabel}==true`],
  };
  const content: HubSettings = { ...settings, seats: seatsOf(cluster, machines) };
  return {
    content: `${JSON.stringify(content, null, 2)}\n`,
    fixed: `${JSON.stringify(settings, null, 2)}\n`,
  };
};
