import { access, mkdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { storageFolders } from "../contracts/storage-folders.js";
import { parseState, stateCommand, xfsQuota } from "../contracts/xfs.js";
import { type Run, lastLines } from "./command.js";

/** Returns undefined when limits under `root` are in force, otherwise the sentence that says what is missing. */
export type MountCheck = () => Promise<string | undefined>;

/** Reads the kernel's mount table each time, and asks XFS itself only when the mount has changed. */
export const createMountCheck = (root: string, run: Run): MountCheck => {
  let checked: string | undefined;
  return async () => {
    const mount = findMount(await readFile("/proc/self/mountinfo", "latin1"), root);
    const problem = problemOf(mount, root) ?? (await missingFolder(root));
    if (problem !== undefined || mount === undefined) {
      checked = undefined;
      return problem;
    }
    if (checked === mount.line) return undefined;
    await makeDeviceFile(mount, run);
    // The mount option alone proves nothing: a remount accepts `pquota` without an error, and enforces nothing.
    const state = await run(xfsQuota(root, stateCommand));
    const inForce = parseState(state.stdout);
    if (inForce === undefined)
      return `${root}: XFS does not report whether quotas are in force (${lastLines(state)}); the watcher needs CAP_SYS_ADMIN, CAP_MKNOD and the disk's device file, ${mount.device}; to restart its container, type: swarmhub up`;
    if (!inForce) return noQuota(root);
    checked = mount.line;
    return undefined;
  };
};

/** One line of /proc/self/mountinfo. */
type Mount = {
  line: string;
  /** The mounted folder of the file system: "/" is all of it. */
  folder: string;
  type: string;
  device: string;
  /** The device's number, "7:0". */
  number: string;
  options: readonly string[];
};

/** The uppermost mount on `root`; undefined where there is none. */
export const findMount = (mountinfo: string, root: string): Mount | undefined =>
  mountinfo
    .split("\n")
    .flatMap((line): Mount[] => {
      const [left = "", right = ""] = line.split(" - ");
      const [, , number = "", folder = "", point] = left.split(" ");
      const [type = "", device = "", options = ""] = right.split(" ");
      return point === root
        ? [{ line, folder, type, device, number, options: options.split(",") }]
        : [];
    })
    .at(-1);

/** Why a mount cannot hold homes with limits; undefined when it can. */
export const problemOf = (mount: Mount | undefined, root: string): string | undefined => {
  // In a container the folder is always a mount, but only a mounted disk shows its own root there.
  if (mount === undefined || mount.folder !== "/")
    return `${root}: no disk is mounted there, so homes would fill the system's disk; to mount it, type: mount ${root}`;
  if (mount.type !== "xfs")
    return `${root}: the file system is ${mount.type}, but only XFS has project quotas; give \`storage\` a disk of its own`;
  if (!mount.options.includes("prjquota")) return noQuota(root);
  return undefined;
};

/**
 * xfs_quota finds the disk by its name in the mount table. A reboot may change that name (for a loop file it nearly always
 * does), so it is not in the container's settings: the watcher creates the device file. Docker lets no process in the
 * container open it.
 */
const makeDeviceFile = async ({ device, number }: Mount, run: Run): Promise<void> => {
  if ((await exists(device)) || !device.startsWith("/dev/")) return;
  await mkdir(dirname(device), { recursive: true });
  // If it fails, XFS reports that next.
  await run(["mknod", "-m", "600", device, "b", ...number.split(":")]);
};

const noQuota = (root: string): string =>
  `${root}: XFS does not enforce project quotas there, and a remount cannot change that; type: umount ${root} && mount -o prjquota ${root}`;

const missingFolder = async (root: string): Promise<string | undefined> => {
  for (const name of [storageFolders.homes, storageFolders.pending]) {
    const folder = join(root, name);
    if (!(await exists(folder)))
      return `${folder}: the folder is missing; to create it, type: swarmhub up`;
  }
  return undefined;
};

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );
