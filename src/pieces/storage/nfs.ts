import { paths } from "../../paths.js";

const note = "# Written by swarmhub; the next `swarmhub up` overwrites it.\n";

/**
 * NFSv4 alone: no rpcbind, no lock daemon. Lease and grace of 10 s: with the default of 90 s a restart of the server
 * blocks opens for some 100 s, with 10 s it was 17.6 s (facts of the field).
 */
export const nfsConfiguration = `${note}[nfsd]
vers3=n
vers4=y
lease-time=10
grace-time=10
`;

/** A line for each node. All users become 1000:100; `mp`: an unmounted disk is never exported. */
export const exportsFile = (addresses: readonly string[]): string =>
  note +
  addresses
    .map(
      (address) =>
        `${paths.storage} ${address}(rw,sync,no_subtree_check,all_squash,anonuid=1000,anongid=100,mp,sec=sys)\n`,
    )
    .join("");

/** A script that makes the server read its exports anew; it may be gone by now. */
export const reloadExports = "if command -v exportfs >/dev/null; then exportfs -ra; fi";

/** A script that starts the server with the settings as they are; rpcbind goes where it came with our packages, since NFSv4 has no use for it. */
export const startNfs = (installedPackages: string): string =>
  [
    ...(has(installedPackages, "rpcbind")
      ? ["systemctl -q mask --now rpcbind.socket rpcbind.service"]
      : []),
    "systemctl -q enable nfs-server",
    "systemctl restart nfs-server",
  ].join("\n");

/** A script that stops it where we installed it, and else starts it with the settings that were there; it may be gone by now. */
export const stopNfs = (installedPackages: string): string =>
  has(installedPackages, "nfs-kernel-server")
    ? `systemctl disable --now nfs-server 2>/dev/null || true
systemctl -q unmask rpcbind.socket rpcbind.service 2>/dev/null || true`
    : "if systemctl -q is-active nfs-server; then systemctl restart nfs-server; fi";

const has = (packages: string, name: string): boolean => packages.split("\n").includes(name);
