import { isIP } from "node:net";
import type { HubServers } from "./hub-servers.js";
import type { HubService } from "./hub-services.js";
import type { HubWarmStart } from "./hub-warm.js";

/**
 * `hub.json`, written by `swarmhub up` and read by `hub/swarmhub/settings.py` when the hub starts and when the file changes, see
 * `hub-reload.ts`. Memory is in bytes, cpu in cores.
 */
export type HubSettings = {
  /** The name of the class. */
  name: string;
  /** The overlay network of the users' servers. */
  network: string;
  /** The start of the names of users' services; the name of the home follows. */
  userServicePrefix: string;
  /** The start of the names of the volumes that mount homes; the name of the home follows. */
  homeVolumePrefix: string;
  image: string;
  memory: number;
  /** The memory that is reserved for each server; null is all of it. */
  guarantee: number | null;
  cpu: number;
  /** The maximum number of processes and threads of each server; null is one for each 2 MB of its memory. */
  processes: number | null;
  /** The images that users choose from; none is `image` for everyone. */
  images: HubImage[];
  /** The time without use after which a server is stopped; null is never. */
  idleTimeoutSeconds: number | null;
  /** The NFS export with the homes: an IP address and an absolute path; null is temporary homes. */
  storage: { address: string; path: string } | null;
  /** How users prove their names. */
  loginMethod: HubLoginMethod;
  /** Only members of these groups, admins and teachers may come in; none is no such rule. */
  allowedGroups: string[];
  /** The class's URL, to which an identity provider sends users back: "https://geo.example.org". */
  publicUrl: string;
  /** Whether only the people of `roster.json` may log in, and those below. */
  roster: boolean;
  admins: string[];
  /** They see the class and start and stop its servers, but enter none. */
  teachers: string[];
  /** Whether admins can open the servers of other users. */
  adminsMayEnter: boolean;
  /** How long a login lasts. */
  rememberSeconds: number;
  /** "pack" fills one machine before the next one. */
  strategy: "spread" | "pack";
  /** Swarm constraints of the users' servers. */
  placement: string[];
  /** The class's URL, below which each user's server has a host of its own: "https://geo.example.org"; null is one for all. */
  subdomainHost: string | null;
  servers: HubServers;
  warm: HubWarmStart[];
  services: HubService[];
  /** The servers that fit on all machines. */
  seats: number;
  /** Of the values whose change needs a restart. */
  fixedHash: string;
};

/**
 * A method of login, `hub/swarmhub/login/methods.py` has the same kinds: one password for the class and longer ones for admins and
 * teachers, one for each person, an account at an identity provider, or at the server of a university.
 */
export type HubLoginMethod =
  | { kind: "shared-password" | "passwords" }
  | HubProvider
  | HubCampusMethod;

/** An identity provider; `hub/swarmhub/login/provider/options.py` reads it. Its secret and root certificate are among the secrets. */
type HubProvider = {
  kind: "oidc" | "github" | "google" | "globus" | "cilogon";
  /** The issuer of OpenID Connect, where its addresses are found, or the address of a GitHub server. */
  issuer: string;
  /** Its name on the button and in sentences. */
  service: string;
  client: string;
  /** The claim that names a user. */
  username: string;
  /** The claim with a user's groups, of GitHub "teams"; null is none. */
  groups: string | null;
  /** The domains of accounts that may come in, none is all; of a single one, names have no "@example.edu". */
  domains: string[];
  /** Users are members of one of these organizations or teams ("org:team"); none is no such rule. */
  organizations: string[];
  /** The entity IDs at CILogon from which users come; none is all. */
  identityProviders: string[];
};

/** The server of a university; `hub/swarmhub/login/campus_options.py` reads it. `service` is its name in sentences. */
export type HubCampusMethod =
  /** `groups` is the attribute with a user's groups; null is none. */
  | { kind: "cas"; service: string; url: string; groups: string | null }
  | {
      kind: "ldap";
      service: string;
      /** ldaps://, or ldap:// with StartTLS. */
      url: string;
      /** The DN below which the people are, and the attribute with the user name. */
      base: string;
      attribute: string;
      /** The DN that searches; null is an anonymous search. */
      reader: string | null;
      /** DNs by the name of the group in this class. */
      groups: Record<string, string>;
    }
  | {
      kind: "lti";
      service: string;
      issuer: string;
      client: string;
      deployments: string[];
      /** Where the platform signs launches, and where its keys are. */
      authorize: string;
      keys: string;
    };

/** An image that users can choose by its name, with the limits of its servers. */
export type HubImage = {
  name: string;
  description: string;
  image: string;
  memory: number;
  cpu: number;
};

/** What a machine's `hub.json` says, possibly that of an earlier version; undefined without the file, or if it is damaged. */
export const hubSettingsIn = (text = ""): Partial<HubSettings> | undefined => {
  try {
    const found = JSON.parse(text) as unknown;
    return typeof found === "object" && found !== null ? found : undefined;
  } catch {
    return undefined;
  }
};

/** The address of the storage in the text of `hub.json`; undefined where there is none. */
export const storageAddressIn = (text: string): string | undefined => {
  const address = hubSettingsIn(text)?.storage?.address;
  return isIP(String(address)) === 0 ? undefined : address;
};
