import { createHash } from "node:crypto";
import type { HubServers } from "./hub-servers.js";
import type { HubSettings } from "./hub-settings.js";

/** What a change needs: the running hub takes it by itself within seconds, or logins pause while the hub restarts. */
type Need = "reload" | "restart";
type Keys = Exclude<keyof HubSettings, "fixedHash" | "servers">;

/** What a change of each value of `hub.json` needs. The compiler asks for every key. */
export const changeNeeds: Record<Keys, Need> & { servers: Record<keyof HubServers, Need> } = {
  // The names of everything that the class has in Docker.
  name: "restart",
  network: "restart",
  userServicePrefix: "restart",
  homeVolumePrefix: "restart",
  placement: "restart",
  // A mount of the hub.
  storage: "restart",
  // Logins: addresses, tokens, roles and cookies are set up when JupyterHub starts.
  loginMethod: "restart",
  allowedGroups: "restart",
  publicUrl: "restart",
  roster: "restart",
  admins: "restart",
  teachers: "restart",
  adminsMayEnter: "restart",
  rememberSeconds: "restart",
  subdomainHost: "restart",
  services: "restart",
  // Servers: a start uses what is there when it begins.
  image: "reload",
  memory: "reload",
  guarantee: "reload",
  cpu: "reload",
  processes: "reload",
  images: "reload",
  strategy: "reload",
  servers: {
    looks: "reload",
    environment: "reload",
    start: "reload",
    files: "reload",
    content: "reload",
    shared: "reload",
    gpus: "reload",
    // Of users' servers; the hub's own is a secret, whose change restarts it.
    proxy: "reload",
    groups: "reload",
  },
  idleTimeoutSeconds: "reload",
  warm: "reload",
  seats: "reload",
};

/** A hash of all values whose change needs a restart. The hub that began with another one does not take the file. */
export const fixedHashOf = (settings: Omit<HubSettings, "fixedHash">): string => {
  const fixed = Object.entries(settings).filter(([key]) => changeNeeds[key as Keys] === "restart");
  return createHash("sha256").update(JSON.stringify(fixed)).digest("hex").slice(0, 16);
};

/** `settings.json` in the hub's folder: what the hub says of `hub.json`, each time that it has read it. */
export type HubSettingsStatus = {
  /** The SHA-256 of the content. */
  read: string;
  /** Why it keeps the settings that it had; null if it uses these. */
  problem: string | null;
  /** Whether this is the problem. */
  needsRestart: boolean;
};

/** What the hub says of this content of `hub.json`; undefined as long as it has not read it. */
export const statusOfSettings = (
  text: string | undefined,
  content: string,
): HubSettingsStatus | undefined => {
  try {
    const status = JSON.parse(text ?? "") as HubSettingsStatus;
    const isOfContent = status.read === createHash("sha256").update(content).digest("hex");
    return isOfContent ? status : undefined;
  } catch {
    return undefined;
  }
};
