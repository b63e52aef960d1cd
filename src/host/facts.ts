import type { DockerSettings } from "./docker-settings.js";

/** An IPv4 address of a network card, with the card's MTU in bytes. */
export type NetworkAddress = { device: string; address: string; prefix: number; mtu: number };

/** A block device; `path` is the kernel's name for it, sizes are in bytes. */
export type Disk = {
  path: string;
  type: string;
  size: number;
  fileSystem?: string;
  label?: string;
  uuid?: string;
  partitionTable?: string;
  /** A name below /dev/disk/by-id, what the maker calls it, and whether the provider erases it when the machine stops. */
  stableName?: string;
  model?: string;
  isLostAtStop?: boolean;
  parts: Disk[];
};

/** A line of the mount table. */
type Mount = { source: string; target: string; type: string; options: string[] };

/** The space of a file system; `freeBytes` is for everybody but root, and `files` is 0 where their number is not limited. */
export type FreeSpace = {
  path: string;
  bytes: number;
  freeBytes: number;
  freeForRoot: number;
  files: number;
  freeFiles: number;
};

/**
 * A machine's membership of a Swarm, as its own Engine reports it; `pending` and `error` are half joined, or a manager whose address
 * is gone. `address` is the one at which the other nodes know it.
 */
export type Membership = {
  state: "inactive" | "pending" | "active" | "error" | "locked";
  nodeId: string;
  manages: boolean;
  address?: string;
};

/** What is read of a machine at once. Sizes in bytes. */
export type Facts = {
  machineId: string;
  hostName: string;
  system: { id: string; like: string[]; version: string; name: string };
  kernel: string;
  memory: number;
  processors: number;
  addresses: NetworkAddress[];
  /** The main routing table, with "default" among the destinations. */
  routes: { destination: string; device: string }[];
  disks: Disk[];
  mounts: Mount[];
  /** Free bytes where a storage file with the homes is or would be: /var may be a disk of its own. */
  freeForHomes: number;
  /** The file systems with Docker's folders, or where they will be. */
  dockerDisks: FreeSpace[];
  /** What is in Docker's folder already: "containers", "images", "volumes", "swarm". */
  dockerHolds: string[];
  /** Version by name of the installed packages, of those that swarmhub uses. */
  packages: Record<string, string>;
  /** Those of them that apt does not upgrade (`apt-mark hold`). */
  heldPackages: string[];
  /** Whether there is a `docker` command, which is a package of its own in Debian 13. */
  hasDockerCommand: boolean;
  /** Other installations of Docker: "snap", "rootless". */
  otherDockers: string[];
  /** The settings in the arguments of Docker's process, by their keys in daemon.json; the proxy's may have a password. */
  dockerFlags?: DockerSettings;
  /** The proxy in the environment of Docker's process, by "http_proxy", "https_proxy" and "no_proxy"; may have a password. */
  dockerProxy?: Record<string, string>;
  /** The IPv4 addresses of that proxy. */
  dockerProxyAddresses?: string[];
  /** The content of each file of `readFiles` that exists. */
  files: Record<string, string>;
  /** SHA-256 by file name of the files in the secrets folder. */
  secretHashes: Record<string, string>;
  /** The names in the certificates folder and in its folder `acme`: "live.crt", "acme/certbot". */
  certificates: string[];
  /** SHA-256 by file name of the operator's files for the edge. */
  givenHashes: Record<string, string>;
  /** The lines of `iptables -S` and `ip6tables -S` with SWARMHUB in them. */
  firewall: string[];
  firewall6: string[];
  /** Whether Docker runs, but something has removed the rules that it adds to the firewall at its start. */
  hasLostDockerRules: boolean;
  /** Whether the kernel has IPv6. */
  ipv6: boolean;
  /** The names in the state folder. */
  state: string[];
  /** ActiveState by name of the units that swarmhub uses. */
  units: Record<string, string>;
  /** Undefined where no Docker Engine runs, or one that does not report it in its ping. */
  membership: Membership | undefined;
  /** The required kernel modules that are not available; not checked on a machine of a class. */
  missingModules: string[];
  /** The build options of the kernel's XFS: "SGI XFS with ACLs, …, quota, no debug enabled"; empty where unknown. */
  xfsFeatures: string;
  /** The output of `xfs_quota state -p` for the storage, where it is mounted. */
  quotaState: string;
};
