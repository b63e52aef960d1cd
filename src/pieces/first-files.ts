import type { FirstFilesNote } from "../../contracts/storage-notes.js";
import { homesHost } from "../cluster/cluster.js";
import type { PersistentStorage } from "../config/types.js";
import { UserError, exitCode } from "../errors.js";
import type { Facts } from "../host/facts.js";
import type { Host } from "../host/host.js";
import { type FirstFiles, readFirstFiles } from "../operator/first-files.js";
import { folderTar } from "../operator/folder.js";
import { paths } from "../paths.js";
import type { Piece, Step } from "../reconcile/piece.js";
import { formatSize } from "../text/format.js";

type State = {
  facts: Facts;
  /** The configured first files, or the error in the operator's folder. */
  wanted: FirstFiles | UserError | undefined;
};

/** Copies the first files of new homes, a folder of the operator's, to the storage. */
export const firstFiles: Piece<State> = {
  name: "skeleton",
  inspect: async (cluster) => {
    const { skeleton: folder } = cluster.config.servers;
    const [facts, wanted] = await Promise.all([
      homesHost(cluster).facts(),
      folder === undefined ? undefined : readFirstFiles(folder).catch(asUserError),
    ]);
    return { facts, wanted };
  },
  plan: (want, { facts, wanted }, { storage: host }) => {
    if (want.storage.kind === "temporary" || host === undefined) return [];
    // Thrown only here, so that a missing folder does not block `down`.
    if (wanted instanceof UserError) throw wanted;
    const present = facts.files[paths.skeletonNote];
    if (wanted === undefined) return present === undefined ? [] : [removal(host)];
    refuseTooLarge(want.storage, wanted);
    const { hash, bytes, files } = wanted;
    const note = `${JSON.stringify({ hash, bytes, files } satisfies FirstFilesNote)}\n`;
    if (present === note) return [];
    return [
      {
        host,
        title: `copy the first files of new homes to ${paths.skeleton}`,
        detail: `${formatSize(bytes)} in ${files} files and folders`,
        run: async () => {
          const input = await folderTar(wanted.entries);
          await host.run(["sh", "-c", unpackScript, "sh", note], {
            title: "unpack the files",
            input,
          });
        },
      },
    ];
  },
  remove: ({ facts }, { storage: host }) =>
    host === undefined || facts.files[paths.skeletonNote] === undefined ? [] : [removal(host)],
};

const removal = (host: Host): Step => ({
  host,
  title: `remove the first files of new homes from ${paths.storage}`,
  run: () => host.run(["rm", "-rf", paths.skeletonNote, paths.skeleton]),
});

const asUserError = (error: unknown): UserError => {
  if (error instanceof UserError) return error;
  throw error;
};

const refuseTooLarge = (storage: PersistentStorage, { bytes, files }: FirstFiles): void => {
  const quota = Math.min(storage.quota.default, ...Object.values(storage.quota.groups));
  const hint = "make that folder smaller, or raise the quota, then type `swarmhub up`";
  if (bytes > quota)
    throw new UserError(
      `servers.skeleton takes ${formatSize(bytes)} in each home, but the smallest quota is ${formatSize(quota)}`,
      { hint, code: exitCode.usage },
    );
  if (files > storage.files)
    throw new UserError(
      `servers.skeleton has ${files} files and folders, but a home may have only ${storage.files}`,
      { hint, code: exitCode.usage },
    );
};

// The note is written last: without it, or with another one, the next `up` copies again.
const unpackScript = `{
set -e
mountpoint -q ${paths.storage}
cd ${paths.storage}
rm -rf skeleton.new skeleton.old
mkdir -m 755 skeleton.new
tar -xzf - --no-same-owner -C skeleton.new
if [ -e skeleton ]; then mv -T skeleton skeleton.old; fi
mv -T skeleton.new skeleton
rm -rf skeleton.old
printf %s "$1" >skeleton.json.new
mv -f skeleton.json.new skeleton.json
}`;
