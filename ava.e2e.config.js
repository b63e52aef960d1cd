import unit from "./ava.config.js";

/** The story takes as long as all others together. */
const isStory = (path) => path.endsWith("story.test.ts");

/** A quarter of an hour each: with the others together that is more than CI's hour. `scripts/e2e --all` runs them. */
const long = ["!test/e2e/grow.test.ts", "!test/e2e/storm.test.ts"];

export default () => ({
  ...unit(),
  files: ["test/e2e/**/*.test.ts", ...(process.env.E2E_ALL === undefined ? long : [])],
  // Two labs side by side: most of a lab's time is one machine's, and two cores are the least there is.
  concurrency: 2,
  sortTestFiles: (one, other) => Number(isStory(other)) - Number(isStory(one)),
  timeout: "30m",
  verbose: true,
});
