import { isDockers, overlap } from "../../addresses.js";
import { exitCode, UserError } from "../../errors.js";

/** Address ranges for the Swarm: `pool` is where Docker takes subnets from, `overlay` the class's own (512 addresses). */
export type Pool = { pool: string; overlay: string };

// Docker's default of 10.0.0.0/8 meets many a provider's own network (Dokploy#4124).
const candidates = ["10.201", "10.223", "10.247", "172.30", "172.22", "10.133"];

/** The first range that no route of any machine overlaps. */
export const choosePool = (routes: readonly { destination: string; device: string }[]): Pool => {
  const taken = routes
    // A second run sees the routes of the bridges that the first one made.
    .filter(({ destination, device }) => destination !== "default" && !isDockers(device))
    .map(({ destination }) => destination);
  const free = candidates.find(
    (start) => !taken.some((route) => overlap(`${start}.0.0/16`, route)),
  );
  if (free === undefined)
    throw new UserError(
      `every address range that swarmhub would give the Swarm overlaps a route of a machine (${taken.join(", ")})`,
      undefined,
      exitCode.preflight,
    );
  return { pool: `${free}.0.0/17`, overlay: `${free}.128.0/23` };
};
