import unit from "./ava.config.js";

/** The lifecycle takes as long as all others together. */
const isLifecycle = (path) => path.endsWith("lifecycle.test.ts");

/** What fits into CI's hour. `scripts/e2e --all` runs the others too: each takes a quarter of an hour. */
const short = ["certificates", "homes", "lifecycle", "refusals", "single-machine"];

export default () => ({
  ...unit(),
  files: (process.env.E2E_ALL === undefined ? short : ["*"]).map(
    (name) => `test/e2e/${name}.test.ts`,
  ),
  // Two labs side by side: most of a lab's time is one machine's, and two cores are the least there is.
  concurrency: 2,
  sortTestFiles: (one, other) => Number(isLifecycle(other)) - Number(isLifecycle(one)),
  timeout: "30m",
  verbose: true,
});
