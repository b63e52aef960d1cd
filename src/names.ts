import { createHash } from "node:crypto";

const longest = 28;
const plain = /^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/;

/** The name of a user's home and service, by the hub's own scheme (hub/swarmhub/slug.py), which is frozen. */
export const slugOf = (name: string): string => {
  if (name.length <= longest && plain.test(name)) return name;
  const words = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "");
  const readable = (/^[a-z]/.test(words) ? words : `x-${words}`)
    .slice(0, longest - 8 - 3)
    .replace(/-+$/, "");
  const hash = createHash("sha256").update(name).digest("hex").slice(0, 8);
  return `${readable}---${hash}`;
};

/** The label of nodes that users' servers are placed on. Swarm ends servers on a node that loses it. */
export const usersLabel = "swarmhub.users";

/** The registry's TCP port on the manager, and on each worker's own loopback. Nobody's else, so that it may be closed to all others. */
export const registryPort = 20500;

/** The name of images that are built: on loopback, since that is where Docker asks a registry that has no certificate. */
export const builtRepository = `127.0.0.1:${registryPort}/swarmhub/built`;

/** The name of what a build got to that failed: what it stands on cannot be removed before it. */
export const unfinishedName = "swarmhub/unfinished:latest";

/** The name of the overlay that joins proxy, hub and the users' servers. */
export const networkName = "swarmhub";

/** The container of the watcher. */
export const watcherName = "swarmhub-quota";
