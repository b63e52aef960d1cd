import type { Connections } from "./connections.js";
import type { Place, UserError } from "../errors.js";
import type { CampusMethod } from "./campus.js";
import type { UsersNetwork } from "./schema/network.js";
import type { ProviderMethod } from "./provider-method.js";
import type { ProxyConfig } from "./proxy-config.js";
import type { TlsConfig } from "./tls-config.js";
import { type OutsideService, programSecret } from "./outside-service.js";
import type { SecretSource } from "./secret-source.js";
import type { Day } from "./values/timetable.js";

export type { ProviderMethod, SecretSource };
export type { AcmeConfig, DnsConfig, TlsConfig } from "./tls-config.js";

/** A number of bytes. */
export type Bytes = number & { readonly unit: "bytes" };

/** A number of milliseconds. */
export type Milliseconds = number & { readonly unit: "milliseconds" };

/** A machine in the configuration: an OpenSSH destination or "local", and the address that other machines use, if the file has one. */
export type HostConfig = { destination: string; address?: string };

/** A repository by its https address; by default its default branch. `folder` is the place in each home, `ca` a path here. */
export type GitContent = {
  repository: string;
  branch?: string;
  folder: string;
  token?: SecretSource;
  ca?: string;
};

/** What holds the homes: a whole blank disk, or a file of that size on the root disk; "unnamed" while the file has neither. */
export type Backing =
  | { kind: "device"; path: string }
  | { kind: "file"; size: Bytes }
  | { kind: "unnamed" };

/** Homes that outlive their servers. */
export type PersistentStorage = {
  kind: "persistent";
  host?: HostConfig;
  backing: Backing;
  /** The maximum size of a home: the default, and for groups of `login`. */
  quota: { default: Bytes; groups: Record<string, Bytes> };
  /** The maximum number of files and folders in a home. */
  files: number;
  /** The maximum size of the folder that all servers share; without it there is none. */
  shared?: Bytes;
  /** Days for which a deleted home can be restored. */
  trashDays: number;
  /** Whether the storage host serves NFS for others too, so that its server keeps its settings and port 2049 stays open. */
  share?: true;
};

/** Homes on a disk, or each in the container of its server, which ends with it. */
export type StorageConfig = PersistentStorage | { kind: "temporary" };

/** The server outside the Swarm that has the homes, if there is one. */
export const storageServer = ({ storage }: Config): HostConfig | undefined =>
  storage.kind === "persistent" ? storage.host : undefined;

/** All domain names of the class, which its certificate is for; the first is shown to users. */
export const namesOf = ({ domain, otherNames, subdomains }: Config): string[] =>
  domain === undefined ? [] : [domain, ...(subdomains ? [`*.${domain}`] : []), ...otherNames];

/** The URL below which each user has an origin, "https://geo.example.org"; undefined where all share one. */
export const subdomainHost = ({ domain, subdomains }: Config): string | undefined =>
  subdomains ? `https://${domain}` : undefined;

/** The files of a method of login that the manager keeps for the hub, by name, and where they come from. */
export const loginFilesOf = ({
  login: { method, services },
}: Config): Record<string, SecretSource> => ({
  ...("secret" in method && { "login-secret": method.secret }),
  ...(method.kind === "ldap" && method.password && { "login-password": method.password }),
  ...("ca" in method && { "login-ca": { kind: "file" as const, path: method.ca } }),
  ...Object.fromEntries(services.map(({ name, token }) => [programSecret(name), token])),
});
/**
 * A CSV file with all who may log in, the columns that it is read from, if the configuration names them, and the folder of
 * swarmhub.yaml, where slips are written.
 */
export type RosterSource = { file: string; userName?: string; group?: string; folder: string };

/** Somebody on the roster: the user name, the name for people, and all groups, those of the configuration too. */
export type Person = { name: string; shown: string; groups: string[] };

/**
 * How users prove their names: by one password for the class, and longer ones for its admins and teachers; by a password of
 * their own for everybody on the roster; or by an account at a provider.
 */
export type LoginMethod =
  | { kind: "shared-password"; password: SecretSource }
  | { kind: "passwords" }
  | ProviderMethod
  | CampusMethod;

/** A folder to build an image from on the operator's machine, and the place of its key: "swarmhub.yaml:12:10". */
export type BuildSource = { folder: string; place: Place };

/** An image of users' servers: a reference as in the configuration, or for an image that is built the path of its folder. */
export type ConfiguredImage = { image: string; build?: BuildSource };

/** An image that users may choose, with the limits of its servers. */
export type ImageChoice = ConfiguredImage & {
  name: string;
  description: string;
  memory: Bytes;
  cpu: number;
};

/** What the servers of members have: limits, and images that only they choose from. `claims`: the provider's names for the group. */
export type GroupServers = { memory?: Bytes; cpu?: number; images: string[]; claims: string[] };

/** When servers start before their users come: by `at` they are ready, until `until` a missed start is caught up. */
export type WarmStart = { days: Day[]; at: string; until: string; zone: string; group?: string };

/** All images of users' servers, each once. */
export const imagesOf = ({ servers }: Config): ConfiguredImage[] => [
  ...new Map([servers, ...servers.images].map((each) => [each.image, each])).values(),
];

/** swarmhub.yaml, checked and with its defaults. */
export type Config = Connections & {
  name: string;
  domain?: string;
  /** Further domain names of the class. */
  otherNames: string[];
  /** Whether each user's server has an origin of its own: a name below the domain. */
  subdomains: boolean;
  manager: HostConfig;
  workers: HostConfig[];
  storage: StorageConfig;
  tls: TlsConfig;
  login: {
    method: LoginMethod;
    /** How long a login lasts. */
    remember: Milliseconds;
    admins: string[];
    /** They see the class and start and stop its servers, but enter none. */
    teachers: string[];
    /** Whether admins can open the servers of other users. */
    adminsMayEnter: boolean;
    groups: Record<string, string[]>;
    /** Who may come in: everyone, or only members of these groups; undefined if the file does not say it here. */
    allow?: "everyone" | { groups: string[] };
    /** What the members' servers have other than those of others. */
    groupServers: Record<string, GroupServers>;
    /** Programs of others with a token of the hub. */
    services: OutsideService[];
    /** Who may log in; undefined is everybody whom the method knows. */
    roster?: RosterSource;
    /** Those on it, or why it cannot be used; see src/roster/people.ts. Undefined until it is read, or without a roster. */
    people?: Person[] | UserError;
  };
  servers: ConfiguredImage & {
    /** How servers are distributed: evenly over all machines, or one machine full before the next. */
    strategy: "spread" | "pack";
    /** The memory limit of a server. */
    memory: Bytes;
    /** The memory reserved for each server, which makes a seat; by default all of `memory`. */
    guarantee?: Bytes;
    cpu: number;
    /** The maximum number of processes and threads of a server; by default the hub takes it from the memory. */
    processes?: number;
    /** The GPUs of each server, which no other server has; without it none. */
    gpus?: number;
    /** What a server may write outside its home; without it only the machine's disk bounds it. */
    scratch?: Bytes;
    /** What a server reaches outside of the class. */
    network: UsersNetwork;
    /** The images that users choose from; empty: `image` for everyone. The first is also `image`. */
    images: ImageChoice[];
    /** Time after which an unused server is stopped; by default never. */
    idle?: Milliseconds;
    /** When servers start before their users come; by default never. */
    warm?: WarmStart[];
    /** A folder on the operator's machine with the first files of each new home. */
    skeleton?: string;
    /** The page that a browser opens first. */
    start: string;
    /** Variables of all servers, and the sources of those that are secret. */
    environment: Record<string, string>;
    secrets: Record<string, SecretSource>;
    /** Files of the operator's machine that every server has, read-only, at `path`. */
    files: { path: string; source: string }[];
    /** The git repository whose files come into each home at every start. */
    content?: GitContent;
    /** The maximum size of the folder that all servers share; without it there is none. */
    shared?: Bytes;
    /** The language of JupyterLab: "de_DE". */
    language?: string;
  };
  /** The login at each registry whose images are not public, by its name: "ghcr.io". */
  registries: Record<string, { user: string; password: SecretSource }>;
  proxy?: ProxyConfig;
  /** Where our own images are published ("quay.io/swarmhub"), else built; the network of Docker's own, else 172.17 and following. */
  engine: { registryMirrors: string[]; ownImages?: string; addressPool?: string };
};
