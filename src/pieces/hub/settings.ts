import { fixedHashOf } from "../../../contracts/hub-reload.js";
import type { HubImage, HubLoginMethod, HubSettings } from "../../../contracts/hub-settings.js";
import type { Cluster } from "../../cluster/cluster.js";
import type { Machines } from "../../cluster/machines.js";
import { proxyOn, withoutLogin } from "../../cluster/outbound.js";
import { classUrlOn } from "../../cluster/public-address.js";
import { seatsOf } from "../../cluster/seats.js";
import { isCampus } from "../../config/campus.js";
import { type Config, type ImageChoice, subdomainHost } from "../../config/types.js";
import type { UserImage } from "../../images/pulled.js";
import { homeVolumePrefix, labels, networkName, userServicePrefix } from "../../names.js";
import { paths } from "../../paths.js";
import { hubCampusMethod } from "./campus.js";
import { type Equipment, hubServers } from "./servers.js";
import { hubServicesOf } from "./services.js";
import { hubWarm } from "./warm.js";

/**
 * The content of `hub.json`, and the hash of the values whose change restarts the hub. All others it takes while it runs, so that no
 * login waits when a machine joins or the memory of servers changes.
 */
export const hubConfiguration = (
  want: Config,
  machines: Machines,
  userImages: readonly Pick<UserImage, "image" | "wanted">[],
  cluster: Cluster,
  equipment: Equipment = { looks: [], files: { wanted: [], stored: [] } },
): { content: string; fixedHash: string } => {
  const { storage } = cluster;
  const pinned = (image: string): string =>
    userImages.find((one) => one.image === image)?.wanted ?? image;
  const { images, ...servers } = want.servers;
  const { memory, cpu } = images[0] ?? servers;
  const settings: Omit<HubSettings, "fixedHash"> = {
    name: want.name,
    network: networkName(want.name),
    userServicePrefix: userServicePrefix(want.name),
    homeVolumePrefix: homeVolumePrefix(want.name),
    image: pinned(servers.image),
    memory,
    guarantee: servers.guarantee ?? null,
    cpu,
    processes: servers.processes ?? null,
    images: images.map((choice) => hubImage(choice, pinned(choice.image))),
    idleTimeoutSeconds: servers.idle === undefined ? null : Math.ceil(servers.idle / 1000),
    storage: storage ? { address: machines(storage).address, path: paths.storage } : null,
    loginMethod: hubLoginMethod(want),
    allowedGroups: typeof want.login.allow === "object" ? want.login.allow.groups : [],
    publicUrl: needsCallback(want) ? classUrlOn(machines, cluster) : "",
    roster: want.login.roster !== undefined,
    admins: want.login.admins,
    teachers: want.login.teachers,
    adminsMayEnter: want.login.adminsMayEnter,
    rememberSeconds: Math.round(want.login.remember / 1000),
    strategy: servers.strategy,
    placement: [`node.labels.${labels.users}==true`],
    subdomainHost: subdomainHost(want) ?? null,
    servers: hubServers(want, userImages, equipment, usersProxy(want, machines, cluster)),
    warm: hubWarm(want),
    services: hubServicesOf(want),
    seats: seatsOf(cluster, machines),
  };
  const fixedHash = fixedHashOf(settings);
  const content: HubSettings = { ...settings, fixedHash };
  return { content: `${JSON.stringify(content, null, 2)}\n`, fixedHash };
};

/** The proxy of users' servers: none where they reach no network, and nobody's login, which each of them could read. */
const usersProxy = (want: Config, machines: Machines, cluster: Cluster) => {
  const { facts } = machines(cluster.manager);
  const proxy = proxyOn(cluster, machines, facts);
  return proxy === undefined || want.servers.network.access === "none"
    ? undefined
    : withoutLogin(proxy);
};

/** Whether users come back from another site, which must know the address; otherwise a new domain restarts no hub. */
const needsCallback = ({ login: { method } }: Config): boolean =>
  method.kind !== "shared-password" && method.kind !== "passwords";

// Secrets and files are not in hub.json, see loginFilesOf.
const hubLoginMethod = ({ login: { method } }: Config): HubLoginMethod => {
  if (method.kind === "shared-password" || method.kind === "passwords")
    return { kind: method.kind };
  if (isCampus(method)) return hubCampusMethod(method);
  const { secret: _secret, ca: _ca, groups, ...provider } = method;
  return { ...provider, groups: groups ?? null };
};

const hubImage = ({ name, description, memory, cpu }: ImageChoice, image: string): HubImage => ({
  name,
  description,
  image,
  memory,
  cpu,
});
