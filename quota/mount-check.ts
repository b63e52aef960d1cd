import { access, mkdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { storageFolders } from "../contracts/storage-folders.js";
import { parseState, stateCommand, xfsQuota } from "../contracts/xfs.js";
import { type Run, lastWords } from "./command.js";

/** Answers undefined when limits under `root` are in force, otherwise the sentence that says what is missing. */
export type Readiness = () => Promise<string | undefined>;

/** Reads the kernel's mount table each time, and asks XFS itself only when the mount is another than last time. */
export const createReadiness = (root: string, run: Run): Readiness => {
  let known: string | undefined;
  return async () => {
    const mount = findMount(await readFile("/proc/self/mountinfo", "latin1"), root);
    const problem = problemOf(mount, root) ?? (await missingFolder(root));
    if (problem !== undefined || mount === undefined) {
      known = undefined;
      return problem;
    }
    if (known === mount.line) return undefined;
    await makeDeviceFile(mount, run);
    // The option alone is not the truth: a remount takes `pquota`, shows no error, and enforces nothing.
    const state = await run(xfsQuota(root, stateCommand));
    const inForce = parseState(state.stdout);
    if (inForce === undefined)
      return `${root}: XFS does not say whether quotas are in force (${lastWords(state)}); the watcher needs CAP_SYS_ADMIN, CAP_MKNOD and the disk's device file, ${mount.device}: start its container anew (\`swarmhub up\`)`;
    if (!inForce) return noQuota(root);
    known = mount.line;
    return undefined;
  };
};

/** One line of /proc/self/mountinfo. */
type Mount = {
  line: string;
  /** What of the file system is mounted: "/" is all of it. */
  folder: string;
  type: string;
  device: string;
  /** The device's number, "7:0". */
  number: string;
  options: readonly string[];
};

/** The uppermost mount on `root`, if there is any. */
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
  // In a container the folder is always a mount; only of a mounted disk does it show the disk's own root.
  if (mount === undefined || mount.folder !== "/")
    return `${root}: no disk is mounted there, so homes would fill the system's own; mount it (\`mount ${root}\`)`;
  if (mount.type !== "xfs")
    return `${root}: its file system is ${mount.type}, and only XFS has project quotas; give \`storage\` a disk of its own`;
  if (!mount.options.includes("prjquota")) return noQuota(root);
  return undefined;
};

/**
 * xfs_quota looks for the disk by the name in the mount table. A reboot may give the disk another one (a loop file nearly
 * always), so the container is not told which: the watcher makes the file itself. Docker lets nobody in it open that.
 */
const makeDeviceFile = async ({ device, number }: Mount, run: Run): Promise<void> => {
  const isThere = await access(device).then(
    () => true,
    () => false,
  );
  if (isThere || !device.startsWith("/dev/")) return;
  await mkdir(dirname(device), { recursive: true });
  // A refusal shows in what XFS says next.
  await run(["mknod", "-m", "600", device, "b", ...number.split(":")]);
};

const noQuota = (root: string): string =>
  `${root}: XFS does not enforce project quotas there; mount it with \`prjquota\` (\`umount ${root} && mount -o prjquota ${root}\`: a remount does not do it)`;

const missingFolder = async (root: string): Promise<string | undefined> => {
  for (const name of [storageFolders.homes, storageFolders.pending]) {
    const folder = join(root, name);
    const isThere = await access(folder).then(
      () => true,
      () => false,
    );
    if (!isThere) return `${folder}: the folder is missing; make it (\`swarmhub up\`)`;
  }
  return undefined;
};
