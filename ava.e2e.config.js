import unit from "./ava.config.js";

/** The lifecycle takes as long as all other files together. */
const isLifecycle = (path) => path.endsWith("lifecycle.test.ts");

/** The files that fit into CI's hour. `scripts/e2e --all` also runs the others, each of which takes a quarter of an hour. */
export const short = ["certificates", "homes", "lifecycle", "refusals", "single-machine"];

export default () => ({
  ...unit(),
  files: (process.env.E2E_ALL === undefined ? short : ["*"]).map(
    (name) => `test/e2e/${name}.test.ts`,
  ),
  // Two labs at once: most of the time one machine of a lab is busy, and two cores are the minimum.
  concurrency: 2,
  sortTestFiles: (one, other) => Number(isLifecycle(other)) - Number(isLifecycle(one)),
  timeout: "30m",
  verbose: true,
});
