import type { Place } from "../errors.js";

/** A number of bytes. */
export type Bytes = number & { readonly unit: "bytes" };

/** A number of milliseconds. */
export type Milliseconds = number & { readonly unit: "milliseconds" };

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
export type PersistentStorage = {
  kind: "persistent";
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
export type StorageConfig = PersistentStorage | { kind: "temporary" };

/** The server outside the Swarm that has the homes, where there is one. */
export const storageServer = ({ storage }: Config): HostConfig | undefined =>
  storage.kind === "persistent" ? storage.host : undefined;

/** How browsers are served; paths are whole, and are read when the class is looked at. */
export type TlsConfig =
  | { kind: "self-signed" }
  /** Something before the class does TLS; only of these addresses (IPv4 or CIDR) it is believed who asked. */
  | { kind: "off"; trustedProxies: string[] }
  | { kind: "own"; certificate: string; key: string }
  | AcmeConfig;

/** A certificate that an authority gives out and renews by ACME. */
export type AcmeConfig = {
  kind: "acme";
  /** Its name for a person: "Let's Encrypt". */
  authority: string;
  directory: string;
  email?: string;
  /** A file with the root of the authority's own HTTPS. */
  ca?: string;
  eab?: { id: string; key: SecretSource };
  /** How the record of DNS-01 is made; without it HTTP-01 asks at port 80. */
  dns?: DnsConfig;
};

/** DNS-01: a DNS server of one's own with its credentials, or a script that makes and removes records. */
export type DnsConfig = (
  | { kind: "plugin"; plugin: string; credentials: SecretSource }
  | { kind: "hook"; hook: string }
) & {
  /** Seconds until a record is seen everywhere. */
  propagation?: number;
};

/** Every name that the certificate is for: the first is shown. */
export const namesOf = ({ domain, otherNames }: Config): string[] =>
  domain === undefined ? [] : [domain, ...otherNames];

/** A folder with a Dockerfile on the operator's machine, and where it is named: "swarmhub.yaml:12:10". */
export type BuildSource = { folder: string; place: Place };

/** What users' servers are made of: an image as the configuration names it, or one built from a folder, which is its name here. */
export type ConfiguredImage = { image: string; build?: BuildSource };

/** An image that users may choose, and what a server of it gets. */
export type ImageChoice = ConfiguredImage & {
  name: string;
  description: string;
  memory: Bytes;
  cpu: number;
};

/** Every image that users' servers are made of, each once. */
export const imagesOf = ({ servers }: Config): ConfiguredImage[] => [
  ...new Map([servers, ...servers.images].map((each) => [each.image, each])).values(),
];

/** swarmhub.yaml, checked and with its defaults filled in. */
export type Config = {
  name: string;
  domain?: string;
  /** Further names that lead to the class. */
  otherNames: string[];
  manager: HostConfig;
  workers: HostConfig[];
  storage: StorageConfig;
  tls: TlsConfig;
  login: { sharedPassword: SecretSource; admins: string[]; groups: Record<string, string[]> };
  servers: ConfiguredImage & {
    /** How servers are shared out: over all machines, or one machine full before the next. */
    strategy: "spread" | "pack";
    /** What a server may use. */
    memory: Bytes;
    /** What of it is kept free for each server, which is a seat; without, all of it. */
    guarantee?: Bytes;
    cpu: number;
    /** What users choose from; none: `image` for everyone. The first is also `image`. */
    images: ImageChoice[];
    /** For how long a server that nobody uses goes on; without, for ever. */
    idle?: Milliseconds;
    /** A folder on the operator's machine: the first files of each new home. */
    skeleton?: string;
  };
  engine: { registryMirrors: string[] };
};
