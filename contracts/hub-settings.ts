import { isIP } from "node:net";
import type { HubServers } from "./hub-servers.js";
import type { HubWarmStart } from "./hub-warm.js";

/**
 * `hub.json`, written by `swarmhub up` and read by `hub/swarmhub/settings.py` when the hub starts. Memory is in bytes, cpu in
 * cores.
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
  /** The servers that fit on all machines. */
  seats: number;
};

/** A method of login, `hub/swarmhub/login/methods.py` has the same kinds: one password for the class, longer ones for admins and teachers. */
type HubLoginMethod = { kind: "shared-password" | "passwords" };

/** An image that users can choose by its name, with the limits of its servers. */
export type HubImage = {
  name: string;
  description: string;
  image: string;
  memory: number;
  cpu: number;
};

/** The address of the storage in the text of `hub.json`; undefined where there is none. */
export const storageAddressIn = (text: string): string | undefined => {
  try {
    const { storage } = JSON.parse(text) as Partial<HubSettings>;
    return isIP(String(storage?.address)) === 0 ? undefined : storage?.address;
  } catch {
    return undefined;
  }
};
