import unit from "./ava.config.js";

/** What CI runs, to stay within 25 minutes. `scripts/e2e --all` runs every file. */
export const short = ["lifecycle", "origin"];

export default () => ({
  ...unit(),
  files: (process.env.E2E_ALL === undefined ? short : ["*"]).map(
    (name) => `test/e2e/${name}.test.ts`,
  ),
  // Two labs at once: most of the time one machine of a lab is busy, and two cores are the minimum.
  concurrency: 2,
  timeout: "30m",
  verbose: true,
});
