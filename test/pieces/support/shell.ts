import { spawnSync } from "node:child_process";

/** What `sh -n` and, where this machine has it, shellcheck say about a script: "" when all is well. */
export const complaintsAbout = (script: string): string => {
  const input = script.startsWith("#!") ? script : `#!/bin/sh\n${script}`;
  const shell = spawnSync("sh", ["-n"], { input, encoding: "utf8" });
  const check = spawnSync("shellcheck", ["--severity=warning", "-"], { input, encoding: "utf8" });
  return shell.stderr + (check.error === undefined ? check.stdout : "");
};
