import type { Facts } from "../../host/facts.js";
import type { Host } from "../../host/host.js";
import { units } from "../../names.js";
import { paths } from "../../paths.js";
import type { Step } from "../../reconcile/piece.js";
import { unitSteps } from "../shared/files.js";
import { otherExportsScript } from "../shared/other-exports.js";

const written = "# Written by swarmhub; the next `swarmhub up` overwrites it.";

/**
 * Only NFSv4, so no rpcbind and no lock daemon. With the default lease and grace of 90 s a restart of the server blocks
 * opens for about 100 s; with 10 s it was 17.6 s (facts from the field).
 */
export const nfsConfiguration = `${written}
[nfsd]
vers3=n
vers4=y
lease-time=10
grace-time=10
`;

const ownAddress = "# The address of this server: ";

/** The server's own address, and one line per node. All users are squashed to 1000:100; `mp` prevents the export of an unmounted disk. */
export const exportsFile = (addresses: readonly string[], own: string): string =>
  `${written}\n${ownAddress}${own}\n` +
  addresses
    .map(
      (address) =>
        `${paths.storage} ${address}(rw,sync,no_subtree_check,all_squash,anonuid=1000,anongid=100,mp,sec=sys)\n`,
    )
    .join("");

/** The server's own address in such a file. */
export const ownAddressIn = (file: string): string | undefined =>
  file
    .split("\n")
    .find((line) => line.startsWith(ownAddress))
    ?.slice(ownAddress.length);

/**
 * A script that restarts a server which has another address than before. A machine that still has a client of the former address would
 * recognise the server by the client's id and send everything there, so a mount at the new one would never return
 * (nfs41_walk_client_list in Linux, fs/nfs/nfs4client.c, and seen). A restarted server gives other ids.
 */
export const restartNfs = "systemctl restart nfs-server";

/** A script that reloads the server's exports; does nothing if the server is not installed. */
export const reloadExports = "if command -v exportfs >/dev/null; then exportfs -ra; fi";

/**
 * A script that reloads the exports after their file has changed to these addresses. Lost machines stay fenced. A machine that has left the
 * class loses its fence after its export: as long as its address has a line, a missing fence exports to it again.
 */
export const changeExports = (addresses: readonly string[]): string => `${reloadExports}
for fence in ${paths.fenced}/*; do
  address=\${fence##*/}
  case "$address" in
  ${addresses.join(" | ")}) exportfs -u "$address:${paths.storage}" 2>/dev/null || true ;;
  *)
    [ -e "$fence" ] || continue
    # The fencing may have read the former lines, and would export to them again without the fence.
    systemctl -q try-restart ${units.fence} || true
    rm -f "$fence"
    ;;
  esac
done`;

/** A script that (re)starts the server; masks rpcbind if swarmhub installed it, since NFSv4 does not need it. */
export const startNfs = (installedPackages: string): string =>
  [
    ...(has(installedPackages, "rpcbind")
      ? ["systemctl -q mask --now rpcbind.socket rpcbind.service"]
      : []),
    "systemctl -q enable nfs-server",
    "systemctl restart nfs-server",
  ].join("\n");

/** A script that starts a server that others use as well, with its own settings. */
export const startShared = "systemctl -q enable nfs-server\nsystemctl start nfs-server";

/** A script that gives a server its own settings back, after ours are removed. */
export const restoreSettings = `systemctl -q unmask rpcbind.socket rpcbind.service 2>/dev/null || true
systemctl try-restart nfs-server`;

/** A script that stops the server if swarmhub installed it and nobody else uses it now, else gives it its former settings back. */
export const stopNfs = (installedPackages: string): string =>
  has(installedPackages, "nfs-kernel-server")
    ? `if [ -n "$(${otherExportsScript})" ]; then
${restoreSettings}
else
systemctl disable --now nfs-server 2>/dev/null || true
systemctl -q unmask rpcbind.socket rpcbind.service 2>/dev/null || true
fi`
    : "if systemctl -q is-active nfs-server; then systemctl restart nfs-server; fi";

const has = (packages: string, name: string): boolean => packages.split("\n").includes(name);

/**
 * The step that starts lost-node fencing: when the hub names a machine in a folder of the storage, the storage host withdraws
 * that machine's NFS export within a second. Its old servers then get ESTALE and their unsent writes are dropped; with a packet
 * filter instead, these writes would arrive as soon as the filter is removed.
 */
export const fenceSteps = (host: Host, facts: Facts): Step[] =>
  unitSteps(
    host,
    facts,
    [
      { path: paths.fence, content: fenceScript, mode: 0o755 },
      { path: paths.fenceUnit, content: fenceUnit },
    ],
    {
      title: "start lost-node fencing",
      detail: "withdraws the NFS exports of lost machines",
      isActive: facts.units[units.fence] === "active",
      start: `systemctl daemon-reload
systemctl -q enable ${units.fence}
systemctl restart ${units.fence}`,
    },
  );

/** The step that stops and removes lost-node fencing. */
export const removeFenceSteps = (host: Host, { files }: Facts): Step[] =>
  files[paths.fence] === undefined && files[paths.fenceUnit] === undefined
    ? []
    : [
        {
          host,
          title: "remove lost-node fencing",
          run: () =>
            host.script(`systemctl -q disable --now ${units.fence} 2>/dev/null
rm -f ${paths.fence} ${paths.fenceUnit}
systemctl daemon-reload
rmdir ${paths.configuration} 2>/dev/null
exit 0`),
        },
      ];

/**
 * Compares the folder with the export table once a second, since others change that table too (a start of the NFS server,
 * `exportfs -ra`); the only child process is `sleep`. It looks only for addresses of our own exports and ignores other files.
 */
export const fenceScript = `#!/bin/sh
${written}
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
is_exported() {
  while read -r path client; do
    case "$path $client" in "${paths.storage} $1("*) return 0 ;; esac
  done </var/lib/nfs/etab
  return 1
}
while sleep 1; do
  # Without the disk the fenced machines are unknown, and a stopped server exports nothing.
  [ -d ${paths.fenced} ] && read -r threads </proc/fs/nfsd/threads && [ "$threads" != 0 ] || continue
  while read -r path client; do
    [ "$path" = ${paths.storage} ] || continue
    address=\${client%%(*}
    options=\${client#*(}
    if [ -e "${paths.fenced}/$address" ]; then
      is_exported "$address" && exportfs -u "$address:${paths.storage}" && echo "withdrew the export to $address"
    else
      is_exported "$address" || { exportfs -o "\${options%)}" "$address:${paths.storage}" && echo "restored the export to $address"; }
    fi
  done <${paths.exports}
done 2>/dev/null
`;

/**
 * The unit that runs the script from boot on. It stands between the NFS server and Docker of the same machine, so at a shutdown
 * servers end before their homes are gone: what they still write would wait for ever, and they could not be ended.
 */
export const fenceUnit = `${written}
[Unit]
Description=Lost-node fencing of the swarmhub class
After=nfs-server.service
Before=docker.service

[Service]
ExecStart=${paths.fence}
Restart=always
RestartSec=1

[Install]
WantedBy=multi-user.target
`;
