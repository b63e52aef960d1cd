import { spawnSync } from "node:child_process";

/** The output of `sh -n` and, if installed, shellcheck for a script; "" if it passes. */
export const shellProblems = (script: string): string => {
  const input = script.startsWith("#!") ? script : `#!/bin/sh\n${script}`;
  const shell = spawnSync("sh", ["-n"], { input, encoding: "utf8" });
  const check = spawnSync("shellcheck", ["--severity=warning", "-"], { input, encoding: "utf8" });
  return shell.stderr + (check.error === undefined ? check.stdout : "");
};
