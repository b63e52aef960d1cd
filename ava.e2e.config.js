import unit from "./ava.config.js";

export default () => ({
  ...unit(),
  files: ["test/e2e/**/*.test.ts"],
  concurrency: 1,
  serial: true,
  timeout: "20m",
  verbose: true,
});
