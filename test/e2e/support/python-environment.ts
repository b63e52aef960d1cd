import { type ExecFileException, execFile } from "node:child_process";
import { access, rm, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** A Python environment with these packages of pip, which is made once and kept in the cache. Returns its folder. */
export const pythonEnvironment = async (
  name: string,
  packages: readonly string[],
): Promise<string> => {
  const cache = process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache");
  const folder = join(cache, "swarmhub-test", name);
  const installed = join(folder, "installed");
  const isThere = await access(installed).then(
    () => true,
    () => false,
  );
  if (isThere) return folder;
  await rm(folder, { recursive: true, force: true });
  await run("python3", ["-m", "venv", folder]);
  await run(join(folder, "bin/pip"), ["install", "-q", ...packages]).catch(
    (error: ExecFileException & { stderr: string }) => {
      throw new Error(error.stderr);
    },
  );
  await writeFile(installed, "");
  return folder;
};

const jupyterLab = [
  "jupyterlab==4.6.6",
  "jupyterhub==6.1.1",
  "ipykernel",
  "jupyter-resource-usage",
];

/** The command of a user's server with JupyterLab, which runs as root on this machine. */
export const jupyterLabCommand = async (): Promise<string> =>
  `${await pythonEnvironment("jupyterlab-4.6.6", jupyterLab)}/bin/jupyterhub-singleuser --allow-root`;
