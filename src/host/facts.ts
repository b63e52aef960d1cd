/** An IPv4 address of a network card, with the card's MTU in bytes. */
export type NetworkAddress = { device: string; address: string; prefix: number; mtu: number };

/** A block device; `path` is what the kernel calls it, sizes are in bytes. */
export type Disk = {
  path: string;
  type: string;
  size: number;
  fileSystem?: string;
  label?: string;
  uuid?: string;
  partitionTable?: string;
  parts: Disk[];
};

/** A line of the mount table. */
type Mount = { source: string; target: string; type: string; options: string[] };

/** A machine's own word on its part in a Swarm; `pending` and `error` are half-way in. */
export type Membership = {
  state: "inactive" | "pending" | "active" | "error" | "locked";
  nodeId: string;
  manages: boolean;
};

/** What one look at a machine tells. Sizes in bytes. */
export type Facts = {
  machineId: string;
  hostName: string;
  system: { id: string; like: string[]; version: string; name: string };
  kernel: string;
  memory: number;
  processors: number;
  addresses: NetworkAddress[];
  /** Destinations of the main table; "default" among them, with its device. */
  routes: { destination: string; device: string }[];
  disks: Disk[];
  mounts: Mount[];
  /** Free bytes on the root file system. */
  freeOnRoot: number;
  /** Version by name, of the packages that matter to us and are installed. */
  packages: Record<string, string>;
  /** The content of each file of `readFiles` that exists. */
  files: Record<string, string>;
  /** SHA-256 by file name of what lies in the folder of secrets. */
  secretHashes: Record<string, string>;
  /** The names of what lies in the folder of certificates, and in its folder `acme`: "live.crt", "acme/certbot". */
  certificates: string[];
  /** SHA-256 of what the operator gave the edge, by its name there. */
  givenHashes: Record<string, string>;
  /** `iptables -S` and `ip6tables -S`, the lines that name us. */
  firewall: string[];
  firewall6: string[];
  /** Whether the kernel speaks IPv6 at all. */
  ipv6: boolean;
  /** The names of what lies in the folder of what must be remembered. */
  state: string[];
  /** ActiveState of the units that matter to us. */
  units: Record<string, string>;
  /** Its part in a Swarm; undefined where no Docker Engine runs, or one that does not say it in a word. */
  membership: Membership | undefined;
  /** Kernel modules, of those that we need, that cannot be had; not looked for on a machine of a class. */
  missingModules: string[];
  /** What the kernel's XFS says that it was built with: "SGI XFS with ACLs, …, quota, no debug enabled"; empty where it says nothing. */
  xfsFeatures: string;
  /** What `xfs_quota state -p` says of the storage, where it is mounted. */
  quotaState: string;
};
