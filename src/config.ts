export { loadConfig } from "./config/load.js";

/** A number of bytes. */
export type Bytes = number & { readonly unit: "bytes" };

/** A machine as the configuration names it: an OpenSSH destination or "local", and the address the other machines use, where it was given. */
export type HostConfig = { destination: string; address?: string };

/** Where a secret comes from; "generated" is made on the manager at first and kept there. */
export type SecretSource =
  | { kind: "env"; name: string }
  | { kind: "file"; path: string }
  | { kind: "generated" };

/** What lies under the homes: a whole blank disk, or a file on the root disk of that many bytes; "unnamed" is still to be said. */
export type Backing =
  | { kind: "device"; path: string }
  | { kind: "file"; size: Bytes }
  | { kind: "unnamed" };

/** Homes that outlive their servers. */
export type KeptStorage = {
  kind: "kept";
  host?: HostConfig;
  backing: Backing;
  /** What a home may hold: everyone's, and that of the groups of `login`. */
  quota: { default: Bytes; groups: Record<string, Bytes> };
  /** How many files and folders a home may hold. */
  files: number;
  /** How long a deleted home is kept. */
  trashDays: number;
};

/** Homes on a disk, or each in its own container, gone when that ends. */
export type StorageConfig = KeptStorage | { kind: "temporary" };

/** The server outside the Swarm that has the homes, where there is one. */
export const storageServer = ({ storage }: Config): HostConfig | undefined =>
  storage.kind === "kept" ? storage.host : undefined;

/** An image that users may choose, and what a server of it gets. */
export type ServerImage = {
  name: string;
  description: string;
  image: string;
  memory: Bytes;
  cpu: number;
};

/** Every image that users' servers are made of, each once. */
export const imagesOf = ({ servers }: Config): string[] => [
  ...new Set([servers.image, ...servers.images.map(({ image }) => image)]),
];

/** swarmhub.yaml, checked and with its defaults filled in. */
export type Config = {
  name: string;
  domain?: string;
  manager: HostConfig;
  workers: HostConfig[];
  storage: StorageConfig;
  tls: { kind: "self-signed" } | { kind: "off" };
  login: { sharedPassword: SecretSource; admins: string[]; groups: Record<string, string[]> };
  servers: {
    image: string;
    memory: Bytes;
    cpu: number;
    /** What users choose from; none: `image` for everyone. The first is also `image`. */
    images: ServerImage[];
    /** A folder on the operator's machine: the first files of each new home. */
    skeleton?: string;
  };
  engine: { registryMirrors: string[] };
};
