import type { Facts } from "../../host/facts.js";
import type { Host } from "../../host/host.js";
import { paths } from "../../paths.js";
import type { Step } from "../../reconcile/piece.js";
import { fileSteps } from "../shared/files.js";

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

/**
 * The steps that have the storage's host keep lost machines from the homes: when the hub names one in a folder of the storage,
 * its export is withdrawn within a second. To its old servers the homes are gone then (ESTALE), and what they had written and
 * not sent is dropped; with a wall of packets all of it would arrive the moment the wall falls.
 */
export const fenceSteps = (host: Host, facts: Facts): Step[] => {
  const files = fileSteps(host, facts, [
    { path: paths.fence, content: fenceScript, mode: 0o755 },
    { path: paths.fenceUnit, content: fenceUnit, then: "systemctl daemon-reload" },
  ]);
  if (files.length === 0 && facts.units[unitName] === "active") return [];
  return [
    ...files,
    {
      host,
      title: "keep lost machines from the homes",
      run: () =>
        host.script(`set -e\nsystemctl -q enable ${unitName}\nsystemctl restart ${unitName}`),
    },
  ];
};

/** The step that takes that away again. */
export const removeFenceSteps = (host: Host, { files }: Facts): Step[] =>
  files[paths.fence] === undefined && files[paths.fenceUnit] === undefined
    ? []
    : [
        {
          host,
          title: "keep no machines from the homes any more",
          run: () =>
            host.script(`systemctl -q disable --now ${unitName} 2>/dev/null
rm -f ${paths.fence} ${paths.fenceUnit}
systemctl daemon-reload
rmdir ${paths.configuration} 2>/dev/null
exit 0`),
        },
      ];

const unitName = "swarmhub-fence.service";
const written = "# Written by swarmhub; the next `swarmhub up` overwrites it.";

/**
 * Looks each second at the folder and at what is exported, which others change too (a start of the NFS server, `exportfs -ra`), with no
 * child but `sleep`. Only addresses of our own exports are ever looked for: what else lies in the folder is nobody's command.
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
  # Without the disk nothing is known, and a server that is stopped exports nothing.
  [ -d ${paths.fenced} ] && read -r threads </proc/fs/nfsd/threads && [ "$threads" != 0 ] || continue
  while read -r path client; do
    [ "$path" = ${paths.storage} ] || continue
    address=\${client%%(*}
    options=\${client#*(}
    if [ -e "${paths.fenced}/$address" ]; then
      is_exported "$address" && exportfs -u "$address:${paths.storage}" && echo "the homes are withdrawn from $address"
    else
      is_exported "$address" || { exportfs -o "\${options%)}" "$address:${paths.storage}" && echo "the homes are there for $address"; }
    fi
  done <${paths.exports}
done 2>/dev/null
`;

/** Runs it, from each boot on. */
export const fenceUnit = `${written}
[Unit]
Description=Keeps lost machines from the homes of the swarmhub class
After=nfs-server.service

[Service]
ExecStart=${paths.fence}
Restart=always
RestartSec=1

[Install]
WantedBy=multi-user.target
`;
