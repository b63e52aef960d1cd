import type { Backing } from "../../config/types.js";
import { UserError, exitCode } from "../../errors.js";
import type { Host } from "../../host/host.js";
import { formerNames, watcherName } from "../../names.js";
import { paths } from "../../paths.js";
import type { Step } from "../../reconcile/piece.js";
import { formatSize } from "../../text/format.js";
import type { DiskState } from "./disk.js";
import { hasHomes, renamedSentence } from "./identity.js";

/** The steps that make a file system writable again. Throws a UserError (preflight) if its disk is gone. */
export const repairSteps = (className: string, host: Host, state: DiskState): Step[] => {
  if (state.problem === undefined) return [];
  if (state.problem === "read-only")
    return [
      {
        host,
        title: `remount ${paths.storage} read-write`,
        detail: "it is read-only",
        run: () => host.run(["mount", "-o", "remount,rw", paths.storage]),
      },
    ];
  const exists = state.file !== undefined || (state.device !== undefined && hasHomes(state.device));
  if (!exists)
    throw new UserError(
      `the homes' disk ${state.source ?? ""} is gone; users' servers block until it is back, and nothing is written elsewhere`,
      {
        host: host.name,
        hint: "attach it again, then type `swarmhub up`",
        code: exitCode.preflight,
      },
    );
  return [
    {
      host,
      title: `unmount and mount ${paths.storage}`,
      detail: "its file system returns errors, as XFS does after a disk failure",
      run: () => host.script(remountScript(className), { timeout: 120_000 }),
    },
  ];
};

/** Problems of the homes' disk that no step can repair, as sentences. */
export const problemsOf = (host: Host, state: DiskState, backing: Backing): string[] => [
  ...(state.isRenamed && state.device !== undefined && backing.kind === "device"
    ? [`${host.name}: ${renamedSentence(backing.path, state.device)}`]
    : []),
  ...fullDisk(host, state),
];

const fullDisk = (host: Host, state: DiskState): string[] => {
  if (!state.mounted || state.problem !== undefined || state.size === 0) return [];
  if (state.free >= Math.min(state.size / 50, 2 ** 30)) return [];
  return [
    `${host.name}: the homes' disk is full: ${formatSize(state.free)} of ${formatSize(state.size)} left, so users cannot save; delete unneeded files, or enlarge the disk and type \`swarmhub up\``,
  ];
};

// The export and the watcher hold the dead file system open; until both release it, a new mount would return the same one.
const remountScript = (className: string): string => `{
docker stop ${watcherName(className)} ${formerNames.watcher} >/dev/null 2>&1
systemctl stop nfs-server
umount ${paths.storage} || umount -l ${paths.storage}
mount ${paths.storage} && ls ${paths.storage} >/dev/null
mounted=$?
systemctl start nfs-server
exit $mounted
}
`;
