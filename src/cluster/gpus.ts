import { type DockerFacts, dockerSettings } from "../host/docker-settings.js";

/** The kind of resource that a server reserves in the Swarm; hub/swarmhub/spawning/gpus.py has the same. */
export const gpuKind = "NVIDIA-GPU";

/**
 * The number of GPUs that a machine offers to the Swarm, from `node-generic-resources` of its daemon.json: an entry is one GPU
 * ("NVIDIA-GPU=GPU-45cbf7b") or a number of them ("NVIDIA-GPU=2").
 */
export const gpusOf = (facts: DockerFacts): number => {
  const listed = dockerSettings(facts)["node-generic-resources"];
  if (!Array.isArray(listed)) return 0;
  return listed
    .flatMap((entry: unknown) => String(entry).split(","))
    .map((entry) => new RegExp(`^${gpuKind}=(.+)$`).exec(entry.trim())?.[1])
    .reduce(
      (sum, value) => sum + (value === undefined ? 0 : /^\d+$/.test(value) ? Number(value) : 1),
      0,
    );
};

/** Whether servers see the GPU that they reserve: a service has no key for devices, so it needs NVIDIA's runtime as the default. */
export const showsGpus = (facts: DockerFacts): boolean =>
  dockerSettings(facts)["default-runtime"] === "nvidia";
