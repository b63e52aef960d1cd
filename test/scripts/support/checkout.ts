import { execFile } from "node:child_process";
import { symlinkSync, utimesSync } from "node:fs";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { temporaryFolder } from "../../support/temporary-folder.js";

const execute = promisify(execFile);

/** How a command ended. */
export type Ended = { code: number; stdout: string; stderr: string };

/** Runs a command without access to a registry of packages or to the user's configuration of git. */
export const run = (folder: string, command: string, ...argv: string[]): Promise<Ended> =>
  execute(command, argv, {
    cwd: folder,
    timeout: 120_000,
    env: {
      ...process.env,
      npm_config_offline: "true",
      npm_config_update_notifier: "false",
      npm_config_audit: "false",
      npm_config_fund: "false",
      GIT_CONFIG_GLOBAL: "/dev/null",
      GIT_CONFIG_SYSTEM: "/dev/null",
      GIT_AUTHOR_NAME: "Ada",
      GIT_AUTHOR_EMAIL: "ada@example.org",
      GIT_COMMITTER_NAME: "Ada",
      GIT_COMMITTER_EMAIL: "ada@example.org",
    },
  }).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    ({ code, stdout, stderr }: Ended) => ({ code, stdout, stderr }),
  );

/** Runs a command that must succeed and returns its stdout without the last line end. */
export const output = async (
  folder: string,
  command: string,
  ...argv: string[]
): Promise<string> => {
  const { code, stdout, stderr } = await run(folder, command, ...argv);
  if (code !== 0)
    throw new Error(`${command} ${argv.join(" ")} exited with ${code}\n${stdout}${stderr}`);
  return stdout.trimEnd();
};

/**
 * Copies the files of this checkout as they are now, with the changes that are not committed, into a repository of its own with
 * one commit. So a test can build, commit and tag without touching the checkout.
 */
export const copyCheckout = async (): Promise<string> => {
  const folder = temporaryFolder();
  const list = "git ls-files -z --cached --others --exclude-standard";
  await output(
    ".",
    "bash",
    "-c",
    `${list} | tar -c --null -T - --ignore-failed-read | tar -x -C ${folder}`,
  );
  symlinkSync(resolve("node_modules"), join(folder, "node_modules"));
  // Older than the installed packages, so that no script installs them again.
  utimesSync(join(folder, "package-lock.json"), 0, 0);
  await output(folder, "git", "init", "-q", "-b", "main");
  await output(folder, "git", "add", "-A");
  await output(folder, "git", "commit", "-q", "-m", "Copy the checkout");
  return folder;
};
