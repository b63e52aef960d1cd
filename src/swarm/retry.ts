import { ifExists } from "../docker/client.js";
import type { Host } from "../host/host.js";
import { retryWhile } from "../wait.js";

/**
 * Runs a change that reads an object and then updates it. Swarm rejects the update if the object changed in between, as nodes
 * do by themselves while they join; then the change is retried, for up to 20 s.
 */
export const retryStaleVersion = (change: () => Promise<unknown>): Promise<void> =>
  retryWhile(change, {
    passes: (error) => /out of sequence/.test(String(error)),
    deadline: 20_000,
  });

/** Gives a service, by its name or id, another specification; retried as above. */
export const updateService = ({ docker }: Host, nameOrId: string, spec: object): Promise<void> => {
  const service = docker.getService(nameOrId);
  return retryStaleVersion(async () => {
    const { Version: version } = (await service.inspect()) as { Version: { Index: number } };
    await service.update({ version: version.Index, ...spec });
  });
};

/**
 * Removes an object that Docker may report as "in use" for a moment after its last user is gone: retries for 30 s, then throws
 * Docker's last error. A missing object counts as removed.
 */
export const removeWhenUnused = (remove: () => Promise<unknown>): Promise<void> =>
  retryWhile(() => ifExists(remove()), {
    passes: (error) => /in use|active endpoints/i.test(String(error)),
    deadline: 30_000,
  });
