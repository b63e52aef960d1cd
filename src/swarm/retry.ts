import { ifExists } from "../docker/client.js";
import type { Host } from "../host/host.js";
import { retryWhile } from "../wait.js";

/** The manager's Swarm did not answer its own Engine within seconds, as on a slow machine that unpacks images. */
const isBusy = (error: unknown): boolean => /DeadlineExceeded/.test(String(error));

/** How long a change is tried again; milliseconds. */
const patience = 180_000;

/**
 * Runs a change that reads an object and then updates it. Swarm rejects the update if the object changed in between, as nodes
 * do by themselves while they join; then the change is retried, also while Swarm is busy, for up to three minutes.
 */
export const retryUpdate = (change: () => Promise<unknown>): Promise<void> =>
  retryWhile(change, {
    passes: (error) => /out of sequence/.test(String(error)) || isBusy(error),
    deadline: patience,
  });

/**
 * Creates an object of the Swarm, and retries while that is busy, for up to three minutes. An attempt without an answer may have created it
 * (status 409).
 */
export const createInSwarm = async (create: () => Promise<unknown>): Promise<void> => {
  let wasBusy = false;
  const attempt = async (): Promise<void> => {
    try {
      await create();
    } catch (error) {
      if (wasBusy && (error as { statusCode?: number }).statusCode === 409) return;
      wasBusy ||= isBusy(error);
      throw error;
    }
  };
  await retryWhile(attempt, { passes: isBusy, deadline: patience });
};

/** Gives a service, by its name or id, another specification; retried as above. */
export const updateService = ({ docker }: Host, nameOrId: string, spec: object): Promise<void> => {
  const service = docker.getService(nameOrId);
  return retryUpdate(async () => {
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
