import type { OutboundProxy } from "./outbound-proxy.js";

/** `servers` in `hub.json`: what a user's server gets beside its image, memory and cpu. Read by `hub/swarmhub/server_settings.py`. */
export type HubServers = {
  /** What is known of each image. */
  looks: HubLook[];
  /** Variables of every server; secret ones are in a file of their own. */
  environment: { name: string; value: string }[];
  /** The page that a browser opens first: "/lab". */
  start: string;
  /** Files that are mounted read-only into every server. */
  files: HubFile[];
  /** The repository whose files come into each home at a start; `branch` null is its default branch. */
  content: { repository: string; branch: string | null; folder: string } | null;
  /** Whether there is a folder that all servers share, which teachers and admins write. */
  shared: boolean;
  /** The GPUs of each server; 0 is none. */
  gpus: number;
  groups: HubGroup[];
  /** The HTTP proxy of users' servers, without a login; null is none. */
  proxy: OutboundProxy | null;
};

/** An image as it was found on a machine. */
type HubLook = {
  image: string;
  /** The home of its user 1000, where the user's home is mounted. */
  home: string;
  /** The names of the variables that it sets itself. */
  variables: string[];
  /** Whether its entrypoint is replaced by the server's command, as it needs root. */
  replacesEntrypoint: boolean;
};

/** A Swarm config and the path of its mount. */
type HubFile = { id: string; name: string; path: string };

/**
 * A group of users, with the limits of its members' servers (memory in bytes; null is that of the class). Who is in it:
 * hub/swarmhub/login/membership.py.
 */
export type HubGroup = {
  name: string;
  /** Those whom the configuration names and who are not in `roster.json`, which has the groups of the others. */
  members: string[];
  /** The names that the provider gives to the group; none where the method of login tells no groups. */
  claims: string[];
  memory: number | null;
  cpu: number | null;
  /** The names of images that only members of such groups can choose. */
  images: string[];
};

/** The secret with the variables of users' servers that are not in `hub.json`: a JSON object of texts. */
export const serverEnvironmentSecret = "server-environment";

/** The secret with the token that reads the repository of `content`. */
export const contentTokenSecret = "content-token";

/** The file with the root certificates of the server that has the repository of `content`, PEM. */
export const contentCaSecret = "content-ca";

/** The name under which the files of `content` are in the store of what was handed out. */
export const contentName = ".content";
