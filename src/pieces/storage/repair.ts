import { UserError, exitCode } from "../../errors.js";
import type { Host } from "../../host/host.js";
import { paths } from "../../paths.js";
import type { Step } from "../../reconcile/piece.js";
import { formatSize } from "../../text/format.js";
import { type DiskState, isHomes } from "./disk.js";

/** The steps that bring back a file system to which nothing can be written. Throws where its disk is gone. */
export const repairSteps = (host: Host, state: DiskState): Step[] => {
  if (state.trouble === undefined) return [];
  if (state.trouble === "read-only")
    return [
      {
        host,
        title: `make ${paths.storage} writable again`,
        detail: "it is mounted read-only",
        run: () => host.run(["mount", "-o", "remount,rw", paths.storage]),
      },
    ];
  const isThere = state.file !== undefined || (state.device !== undefined && isHomes(state.device));
  if (!isThere)
    throw new UserError(
      `the homes' disk ${state.source ?? ""} is gone; whoever works waits until it is back, and nothing is written elsewhere meanwhile`,
      { host: host.name, hint: "attach it again, then `swarmhub up`", code: exitCode.preflight },
    );
  return [
    {
      host,
      title: `mount ${paths.storage} anew`,
      detail: "its file system answers with errors, as XFS does after its disk failed",
      run: () => host.script(remountScript, { timeout: 120_000 }),
    },
  ];
};

/** What is wrong with the homes' disk that no step mends, in sentences. */
export const problemsOf = (host: Host, state: DiskState): string[] => {
  if (!state.mounted || state.trouble !== undefined || state.size === 0) return [];
  if (state.free >= Math.min(state.size / 50, 2 ** 30)) return [];
  return [
    `${host.name}: the homes' disk is full: ${formatSize(state.free)} of ${formatSize(state.size)} left. Who works there cannot save; make the disk larger and type \`swarmhub up\`, or delete what nobody needs`,
  ];
};

// The export and the watcher keep hold of the dead file system; until all let go a new mount would be of the same one.
const remountScript = `{
docker stop swarmhub-quota >/dev/null 2>&1
systemctl stop nfs-server
umount ${paths.storage} || umount -l ${paths.storage}
mount ${paths.storage} && ls ${paths.storage} >/dev/null
mounted=$?
systemctl start nfs-server
exit $mounted
}
`;
