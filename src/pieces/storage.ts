import { posix } from "node:path";
import { homesHost } from "../cluster/cluster.js";
import { type Machines, inspectMachines } from "../cluster/machines.js";
import type { PersistentStorage } from "../config/types.js";
import { UserError, exitCode } from "../errors.js";
import type { Host } from "../host/host.js";
import { paths } from "../paths.js";
import type { Piece, Step } from "../reconcile/piece.js";
import { fileSteps, removeFileSteps } from "./shared/files.js";
import { backingSteps } from "./storage/backing.js";
import { type DiskState, folderModes, inspectDisk } from "./storage/disk.js";
import { eraseSteps } from "./storage/erase.js";
import {
  changeExports,
  exportsFile,
  fenceSteps,
  nfsConfiguration,
  ownAddressIn,
  reloadExports,
  removeFenceSteps,
  restartNfs,
  restoreSettings,
  startNfs,
  startShared,
  stopNfs,
} from "./storage/exports.js";
import { hasAnyMount, removeLineScript } from "./storage/fstab.js";
import { problemsOfSharing, refuseOtherExports } from "./storage/other-exports.js";
import { repairSteps, problemsOf } from "./storage/repair.js";
import { refuseHomesElsewhere } from "./storage/wrong-disk.js";

type State = { machines: Machines; disk: DiskState };

/** Mounts the homes' disk, XFS with project quota, and exports it by NFSv4 to the class's machines only. */
export const storage: Piece<State> = {
  name: "storage",
  inspect: async (cluster) => ({
    machines: await inspectMachines(cluster),
    disk: await inspectDisk(cluster),
  }),
  plan: (want, { machines, disk }, cluster) => {
    refuseHomesElsewhere(machines, disk, cluster);
    if (want.storage.kind === "temporary") return [];
    const host = homesHost(cluster);
    const { facts } = machines(host);
    if (disk.problem === "dead") return repairSteps(want.name, host, disk);
    return [
      ...repairSteps(want.name, host, disk),
      ...backingSteps(want.storage.backing, host, facts, disk),
      ...enforcementSteps(host, disk),
      ...folderSteps(host, disk),
      ...nfsSteps(want.storage, { machines, disk }, host, cluster.nodes),
      ...fenceSteps(host, facts),
    ];
  },
  problems: ({ disk }, { config, storage: host }) =>
    host === undefined || config.storage.kind === "temporary"
      ? []
      : [
          ...problemsOf(host, disk, config.storage.backing),
          ...problemsOfSharing(config.storage, host, disk.otherExports),
        ],
  remove: ({ machines, disk }, cluster) => {
    const host = homesHost(cluster);
    const { facts } = machines(host);
    const unexport = removeFileSteps(host, facts, [
      {
        path: paths.exports,
        then: `${reloadExports}\nrmdir ${posix.dirname(paths.exports)} 2>/dev/null || true`,
      },
      { path: paths.nfsConfiguration, then: stopNfs(facts.files[paths.installedPackages] ?? "") },
    ]);
    const unmount: Step = {
      host,
      title: `unmount ${paths.storage}`,
      detail: "homes stay on their disk",
      run: () => host.script(unmountScript),
    };
    const present = disk.mounted || hasAnyMount(facts.files[paths.fileSystemTable]);
    return [...removeFenceSteps(host, facts), ...unexport, ...(present ? [unmount] : [])];
  },
};

/** `down --delete-homes`: erases all homes permanently, after everything else is removed. It plans nothing. */
export const homesErasure: Piece<State> = {
  name: "homes",
  inspect: (cluster) => storage.inspect(cluster),
  plan: () => [],
  remove: ({ disk }, { config, storage: host }) =>
    config.storage.kind === "temporary" || host === undefined
      ? []
      : eraseSteps(config.storage.backing, host, disk),
};

// `mount -o remount,pquota` exits with 0 but changes nothing: only a new mount enables enforcement.
const enforcementSteps = (host: Host, disk: DiskState): Step[] => {
  if (!disk.mounted || disk.enforced) return [];
  throw new UserError(
    `${paths.storage} is mounted without project quota, so no home would have a limit`,
    {
      host: host.name,
      hint: `on ${host.name}: \`umount ${paths.storage}\`, then \`swarmhub up\` again`,
      code: exitCode.preflight,
    },
  );
};

const folderSteps = (host: Host, disk: DiskState): Step[] => {
  const missing = folderModes.filter(({ name }) => !disk.folders.includes(name));
  if (missing.length === 0) return [];
  const lines = missing.map(({ name, owner, mode }) => {
    const [user, group] = owner.split(":");
    return `install -d -o ${user} -g ${group} -m ${mode} ${name}`;
  });
  return [
    {
      host,
      title: `create the folders ${missing.map(({ name }) => name).join(", ")}`,
      run: () =>
        host.script(
          [
            "{",
            "set -e",
            `mountpoint -q ${paths.storage}`,
            `cd ${paths.storage}`,
            ...lines,
            "}",
          ].join("\n"),
        ),
    },
  ];
};

const nfsSteps = (
  want: PersistentStorage,
  { machines, disk }: State,
  host: Host,
  nodes: readonly Host[],
): Step[] => {
  const { facts, address } = machines(host);
  const installed = facts.files[paths.installedPackages] ?? "";
  const hasOurSettings = facts.files[paths.nfsConfiguration] !== undefined;
  // A class that runs has taken the server already; `problems` says it.
  if (!hasOurSettings) refuseOtherExports(want, host, disk);
  const settings = { path: paths.nfsConfiguration, content: nfsConfiguration };
  const isShared = want.share === true;
  const start = isShared ? startShared : startNfs(installed);
  const files = [
    ...(isShared
      ? removeFileSteps(host, facts, [{ path: settings.path, then: restoreSettings }])
      : fileSteps(host, facts, [{ ...settings, then: start }])),
    ...fileSteps(host, facts, [
      exportsOf(
        nodes.map((node) => machines(node).address),
        address,
        facts.files[paths.exports],
      ),
    ]),
  ];
  const stopped = facts.units["nfs-server.service"] !== "active" || !disk.exported;
  if (files.length > 0 || !stopped) return files;
  return [
    {
      host,
      title: "start the NFS server",
      run: () => host.script(`{\nset -e\n${start}\nexportfs -ra\n}`),
    },
  ];
};

const exportsOf = (addresses: readonly string[], own: string, before: string | undefined) => {
  const former = ownAddressIn(before ?? "");
  const script = changeExports(addresses);
  return {
    path: paths.exports,
    content: exportsFile(addresses, own),
    then: former === undefined || former === own ? script : `${script}\n${restartNfs}`,
  };
};

const unmountScript = `{
set -e
if mountpoint -q ${paths.storage}; then umount ${paths.storage}; fi
${removeLineScript}
xfs_io -c 'chattr -i' ${paths.storage} 2>/dev/null || true
rmdir ${paths.storage} 2>/dev/null || true
}
`;
