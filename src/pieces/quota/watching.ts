import { storageFiles } from "../../../contracts/storage-folders.js";
import type { WatcherStatus } from "../../../contracts/watcher-status.js";
import { ifExists } from "../../docker/client.js";
import { UserError } from "../../errors.js";
import type { Host } from "../../host/host.js";
import { watcherName } from "../../names.js";
import { paths } from "../../paths.js";
import { waitUntil } from "../../wait.js";

/** The file with the status of the watcher. */
export const statusFile = `${paths.storage}/${storageFiles.watcherStatus}`;

/**
 * When the start of the watcher has failed (ms): with a problem for so long, or without a first status after so long. Under emulation,
 * Docker and Node take more than a minute to start it.
 */
const limits = { problem: 60_000, patience: 600_000 };
/** How often it may end until then. */
const restartLimit = 3;

/** Waits until the watcher has written a status without a problem. Throws a UserError if it ends again and again or at the limits. */
export const waitUntilWatching = async (
  host: Host,
  className: string,
  { problem: problemLimit, patience } = limits,
): Promise<void> => {
  const name = watcherName(className);
  let since: number | undefined;
  const failed = (reason: string) =>
    new UserError(`the quota watcher does not work: ${reason}`, {
      host: host.name,
      hint: "to see its log, type: swarmhub logs quota",
    });
  const logOr = async (reason: string): Promise<string> =>
    (await host.script(`docker logs --tail 3 ${name} 2>&1 || true`)).trim() || reason;
  await waitUntil(
    async () => {
      const status = await host.script(`cat ${statusFile} 2>/dev/null || true`);
      if (status === "") {
        const found = await ifExists(host.docker.getContainer(name).inspect());
        if (found === undefined) throw failed("its container is gone");
        if (found.RestartCount >= restartLimit)
          throw failed(await logOr(`it has ended ${restartLimit} times, without a word`));
        return undefined;
      }
      const { problem } = JSON.parse(status) as Pick<WatcherStatus, "problem">;
      if (problem === undefined) return true;
      since ??= Date.now();
      if (Date.now() - since >= problemLimit) throw failed(problem);
      return undefined;
    },
    {
      deadline: patience,
      otherwise: async () =>
        failed(await logOr(`it runs, but has not looked at the homes for ${patience / 1000} s`)),
    },
  );
};
