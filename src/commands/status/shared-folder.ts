import { sharedHome } from "../../../contracts/storage-folders.js";
import type { Cluster } from "../../cluster/cluster.js";
import { UserError } from "../../errors.js";
import { type Usage, inspectHomes } from "../../homes/inspect.js";
import { formatSize } from "../../text/format.js";

/** The usage of the shared folder in bytes; undefined in a class without one, and where the homes' disk is not mounted. */
export const inspectSharedFolder = async ({
  config,
  storage,
}: Cluster): Promise<Usage | undefined> => {
  if (config.storage.kind === "temporary" || config.storage.shared === undefined || !storage)
    return undefined;
  try {
    const { homes } = await inspectHomes(storage, { only: [sharedHome] });
    return homes[0]?.bytes ?? { used: 0, hard: 0 };
  } catch (error) {
    // The storage part reports it.
    if (error instanceof UserError) return undefined;
    throw error;
  }
};

/** "shared folder: 3 GB of 20 GB". */
export const sharedFolderLine = ({ used, hard }: Usage): string =>
  hard === 0
    ? "shared folder: made when the first server starts"
    : `shared folder: ${formatSize(used)} of ${formatSize(hard)}`;
