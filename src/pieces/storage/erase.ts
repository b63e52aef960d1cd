import { type Cluster, homesHost } from "../../cluster/cluster.js";
import type { Backing } from "../../config/types.js";
import { UserError, exitCode } from "../../errors.js";
import type { Disk } from "../../host/facts.js";
import type { Host } from "../../host/host.js";
import { paths } from "../../paths.js";
import type { Step } from "../../reconcile/piece.js";
import { formatSize } from "../../text/format.js";
import { type DiskState, inspectDisk } from "./disk.js";
import { hasHomes } from "./identity.js";

/** The steps that erase all homes permanently; the disk is blank afterwards. */
export const eraseSteps = (backing: Backing, host: Host, state: DiskState): Step[] => {
  if (backing.kind === "unnamed") {
    if (!state.mounted && state.homes.length === 0 && state.file === undefined) return [];
    throw new UserError(
      "the configuration names no disk or file for the homes, so nothing is erased",
      {
        host: host.name,
        hint: "to see the line to add to `storage:`, type `swarmhub check`",
        code: exitCode.preflight,
      },
    );
  }
  if (backing.kind === "file") {
    if (state.file === undefined) return [];
    const title = "delete the storage file with all homes";
    return [
      {
        host,
        title,
        destroys: `all homes on ${host.name}`,
        run: () =>
          host.script(`{
rm -f ${paths.storageFile}
rmdir ${paths.state} 2>/dev/null || true
}
`),
      },
    ];
  }
  if (state.isRenamed && state.device !== undefined)
    throw eraseError(backing.path, host, state.device);
  if (state.device === undefined || !hasHomes(state.device)) {
    const [other] = state.homes;
    if (other !== undefined) throw eraseError(backing.path, host, other);
    return [];
  }
  const title = `erase ${backing.path} with all homes`;
  return [
    {
      host,
      title,
      destroys: `all homes on ${host.name}`,
      run: () => host.run(["wipefs", "--all", "--quiet", backing.path]),
    },
  ];
};

/** Homes are erased only on the disk that the configuration names: a name may be that of another disk now. */
const eraseError = (path: string, host: Host, disk: Disk): UserError =>
  new UserError(
    `the homes are on ${disk.path} (${formatSize(disk.size)}), but the configuration says ${path}; nothing is erased`,
    {
      host: host.name,
      hint: `write \`device: ${disk.stableName ?? disk.path}\`, then: \`swarmhub down --delete-homes\``,
      code: exitCode.preflight,
    },
  );

/** After `down --delete-homes`: the disks and the file that still have homes, of this or another class, as sentences. */
export const remainingHomes = async (cluster: Cluster): Promise<string[]> => {
  const host = homesHost(cluster);
  const { device, homes, file } = await inspectDisk(cluster);
  const disks = [...(device !== undefined && hasHomes(device) ? [device] : []), ...homes];
  return [
    ...disks.map(
      ({ path, size }) =>
        `${host.name}: ${path} (${formatSize(size)}) still has homes of a class; if nobody needs them: \`sudo wipefs --all ${path}\``,
    ),
    ...(file === undefined
      ? []
      : [
          `${host.name}: the file ${paths.storageFile} (${formatSize(file)}) still has homes of a class; if nobody needs them: \`sudo rm ${paths.storageFile}\``,
        ]),
  ];
};
