import { createHash } from "node:crypto";

/** The parts of a class that run as Swarm services. In the class's network each has this name as an alias, the same in every class. */
export const serviceParts = ["hub", "proxy", "edge", "registry"] as const;

/** One of them. */
export type ServicePart = (typeof serviceParts)[number];

/** The name of a part's service. */
export const serviceName = (className: string, part: ServicePart): string =>
  `${prefixOf(className)}-${part}`;

/** The names of the services that keep memory free: on each machine that takes users, and more on a manager that does. */
export const reserveNames = (className: string): { system: string; hubAndProxy: string } => ({
  system: `${prefixOf(className)}-reserve`,
  hubAndProxy: `${prefixOf(className)}-reserve-hub`,
});

/** The start of the names of users' servers; the home's name follows. */
export const userServicePrefix = (className: string): string => `${prefixOf(className)}-nb-`;

/** The name of the service of a user's server, by the name of the home; at most 62 characters, and a service may have 63. */
export const userServiceName = (className: string, home: string): string =>
  `${userServicePrefix(className)}${home}`;

/** The start of the names of Swarm configs with the files of users' servers; a hash of the content follows. */
export const serverFilePrefix = (className: string): string => `${prefixOf(className)}-file-`;

/** The name of the overlay network of proxy, hub, edge and the users' servers. */
export const networkName = (className: string): string => `${prefixOf(className)}-network`;

/** The bridge by which Swarm's containers reach what is not in their overlay network. */
export const swarmBridge = "docker_gwbridge";

/** The name of the quota watcher's container. */
export const watcherName = (className: string): string => `${prefixOf(className)}-quota`;

/** The start of every volume's name: a script that sees only folders finds ours by it. */
export const volumePrefix = "swarmhub-";

/** The start of the names of the volumes that mount homes. */
export const homeVolumePrefix = (className: string): string =>
  `${volumePrefix}${prefixOf(className)}-home-`;

/** The start of the name of the volume by which the hub mounts all homes. */
export const storageVolumePrefix = (className: string): string =>
  `${volumePrefix}${prefixOf(className)}-storage-`;

const longestPrefix = 30;

// Without the word "nb", so that a part's name is never that of a user's server in another class: without this, the class "geo-nb"
// and the user "hub" of the class "geo" would both have a "geo-nb-hub".
const prefixOf = (className: string): string => {
  if (className.length <= longestPrefix && !/(?:^|-)nb(?:-|$)/.test(className)) return className;
  const hash = hashOf(className);
  return `${className.replaceAll("nb", "x").slice(0, longestPrefix - hash.length - 1)}-${hash}`;
};

const hashOf = (text: string, digits = 8): string =>
  createHash("sha256").update(text).digest("hex").slice(0, digits);

/**
 * The names of before 2026-11-29, when they did not carry the class's name and a user's server was `nb-<home>`. `up` replaces and
 * `down` removes objects with these names if they have the class's label.
 */
export const formerNames = {
  service: (part: ServicePart): string => part,
  network: "swarmhub",
  watcher: "swarmhub-quota",
} as const;

/** Whether a user's server of the class runs under its former name. */
export const isFormerUserService = (className: string, name: string): boolean =>
  !name.startsWith(userServicePrefix(className));

/** Whether a volume of the class has its former name. */
export const isFormerVolume = (className: string, name: string): boolean =>
  ["home-", "storage-"].some((kind) => name.startsWith(`${volumePrefix}${kind}`)) &&
  ![homeVolumePrefix, storageVolumePrefix].some((prefix) => name.startsWith(prefix(className)));

/** The labels of Docker objects. The hub has the same ones in hub/swarmhub/labels.py. */
export const labels = {
  /** The class that an object belongs to. */
  class: "swarmhub.class",
  /** The home of a user's server, on its service, container and volume. */
  user: "swarmhub.user",
  /** The hash of the files that a service reads at its start. */
  files: "swarmhub.files",
  /** A node that users' servers are placed on. Swarm ends servers on a node that loses it. */
  users: "swarmhub.users",
  /** A node's machine-id, and its name in the configuration. */
  machine: "swarmhub.machine",
  host: "swarmhub.host",
  /** Swarm's own label of a container. */
  service: "com.docker.swarm.service.name",
} as const;

/** The filter of Docker's API for the objects of a class; `more` are further labels that they must have. */
export const labelFilter = (className: string, ...more: readonly string[]): string[] => [
  `${labels.class}=${className}`,
  ...more,
];

/** The packages of Docker Engine, of Debian and Ubuntu and of Docker's own repository. */
export const enginePackages = [
  "docker.io",
  "docker-ce",
  "docker-cli",
  "docker-ce-cli",
  "containerd",
  "containerd.io",
  "runc",
] as const;

/** The systemd units on the machines. */
export const units = {
  firewall: "swarmhub-firewall.service",
  fence: "swarmhub-fence.service",
  registrySocket: "swarmhub-registry.socket",
  registryRelay: "swarmhub-registry.service",
  monitor: "swarmhub-monitor.service",
  layers: "swarmhub-layers.service",
} as const;

/** The login at the HTTP proxy, among the operator's secrets. */
export const proxyLogin = "proxy-login";

/** TCP ports. */
export const ports = {
  /** The edge's, on the manager. */
  http: 80,
  https: 443,
  /** The hub's, in its container. */
  hub: 8081,
  /** The registry's, on the manager and on each worker's own loopback; otherwise unused, so that it may be closed to all others. */
  registry: 20500,
  /** The monitor's on every machine but the manager, which connects to it. */
  monitor: 20501,
} as const;

/** The name of images that are built: on loopback, since that is where Docker asks a registry that has no certificate. */
export const builtRepository = `127.0.0.1:${ports.registry}/swarmhub/built`;

/** The name of what a build got to that failed: what it stands on cannot be removed before it. */
export const unfinishedName = "swarmhub/unfinished:latest";

const longestSlug = 28;
const plainSlug = /^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/;

/** The name of a user's home and service, by the hub's own scheme (hub/swarmhub/slug.py), which is frozen. */
export const slugOf = (name: string): string => slugWith(name, 16);

/** The names that a user's home and service can have: a home that was made with the former scheme keeps its name. */
export const homeNamesOf = (name: string): string[] => [
  ...new Set([slugOf(name), slugWith(name, 8)]),
];

const slugWith = (name: string, digits: number): string => {
  if (name.length <= longestSlug && plainSlug.test(name)) return name;
  const words = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "");
  const readable = (/^[a-z]/.test(words) ? words : `x-${words}`)
    .slice(0, longestSlug - digits - 3)
    .replace(/-+$/, "");
  return `${readable}---${hashOf(name, digits)}`;
};
