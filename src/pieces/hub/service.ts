import { outboundProxySecret } from "../../../contracts/outbound-proxy.js";
import { createHash } from "node:crypto";
import {
  contentCaSecret,
  contentTokenSecret,
  serverEnvironmentSecret,
} from "../../../contracts/hub-servers.js";
import { type Config, loginFilesOf } from "../../config/types.js";
import { labels, ports, storageVolumePrefix } from "../../names.js";
import { paths } from "../../paths.js";
import type { WantedService } from "../../swarm/service-spec.js";
import { hashOfSecrets, secretMounts } from "../shared/secret-mounts.js";

const classSecrets = ["proxy-token", "edge-token", "shared-password", "admin-password", "teacher-password"];
const second = 1e9;
// nanoseconds
// With 100 users who have logged in and started a server, hub, sweeper and idle culler have 167 MB.
const memory = 768 * 2 ** 20;

/**
 * The names of the hub's secrets. The variables of users' servers are there only if some of them are secret, and a token, a root
 * certificate and a proxy only if there is one.
 */
export const hubSecrets = (want: Config, hasProxy = false): string[] => [
  ...classSecrets,
  ...Object.keys(loginFilesOf(want)),
  ...(Object.keys(want.servers.secrets).length > 0 ? [serverEnvironmentSecret] : []),
  ...(want.servers.content?.token === undefined ? [] : [contentTokenSecret]),
  ...(want.servers.content?.ca === undefined ? [] : [contentCaSecret]),
  ...(hasProxy ? [outboundProxySecret] : []),
];

/** The hub's service: its database, the machines' reports, the Docker socket, and the storage over NFS. */
export const hubSpec = (
  want: Config,
  fixedHash: string,
  secretHashes: Record<string, string>,
  image: string,
  storageAddress: string | undefined,
  secrets = hubSecrets(want),
): WantedService => ({
  part: "hub",
  className: want.name,
  image,
  filesHash: hashOfSecrets(secrets, secretHashes, fixedHash),
  restart: "logins pause for about half a minute, running servers go on",
  memory,
  mounts: [
    // The folder of hub.json and roster.json: a bound file would stay the one that a rename replaced.
    { Type: "bind", Source: paths.configuration, Target: paths.configuration, ReadOnly: true },
    { Type: "bind", Source: paths.hub, Target: "/data" },
    // The folder above that of the reports, which is a new one after each start of the monitor.
    { Type: "bind", Source: paths.run, Target: paths.run, ReadOnly: true },
    { Type: "bind", Source: "/var/run/docker.sock", Target: "/var/run/docker.sock" },
    ...(storageAddress === undefined ? [] : [storageMount(want.name, storageAddress)]),
    ...secretMounts(secrets),
  ],
  container: { StopGracePeriod: 20 * second },
  ready: [
    "python3",
    "-c",
    `import urllib.request as r; r.urlopen('http://127.0.0.1:${ports.hub}/hub/health', timeout=5)`,
  ],
});

// The hub must see the watcher's pending marker at once, so this mount does not cache; users' homes do.
const storageMount = (className: string, address: string): Record<string, unknown> => {
  const options = {
    type: "nfs4",
    o: `addr=${address},rw,nfsvers=4.2,hard,nosuid,nodev,noexec,actimeo=0,lookupcache=none`,
    device: `:${paths.storage}`,
  };
  // The local driver silently keeps a volume's first options, so its name has a hash of them (docker/cli#1279).
  const hash = createHash("sha256").update(JSON.stringify(options)).digest("hex").slice(0, 8);
  return {
    Type: "volume",
    Source: `${storageVolumePrefix(className)}${hash}`,
    Target: "/storage",
    VolumeOptions: {
      NoCopy: true,
      Labels: { [labels.class]: className },
      DriverConfig: { Name: "local", Options: options },
    },
  };
};
