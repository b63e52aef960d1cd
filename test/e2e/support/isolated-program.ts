import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";

/** How a program runs apart from this machine. */
export type Isolation = {
  /** Further lines of /etc/hosts. */
  hosts?: readonly string[];
  argv?: readonly string[];
  env?: Record<string, string>;
  /** A shell script that runs before the program in its namespaces. */
  prepare?: string;
};

/**
 * Runs a program of test/e2e/support in namespaces of its own for network and mounts, and returns what it prints. In the network of
 * the host, each start of a lab aborts all requests of Chromium.
 */
export const outputOf = async (
  name: string,
  { hosts = [], argv = [], env = {}, prepare = "" }: Isolation = {},
): Promise<string> => {
  const program = new URL(`${name}.js`, import.meta.url).pathname;
  const script = `set -e
ip link set lo up
mount --bind "$HOSTS" /etc/hosts
${prepare}
exec "$0" "$@"`;
  const folder = await mkdtemp(join(tmpdir(), "swarmhub-hosts-"));
  await writeFile(join(folder, "hosts"), ["127.0.0.1 localhost", ...hosts, ""].join("\n"));
  const child = spawn(
    "unshare",
    ["--net", "--mount", "sh", "-c", script, process.execPath, program, ...argv],
    {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, ...env, HOSTS: join(folder, "hosts") },
    },
  );
  child.stderr.pipe(process.stderr, { end: false });
  const [output, errors, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "exit") as Promise<[number | null]>,
  ]);
  await rm(folder, { recursive: true });
  if (code !== 0) throw new Error(`the program ended with ${code}: ${errors.slice(-3000)}`);
  return output;
};

/** Runs such a program, and returns the entries of the JSON object in the last line that it prints. */
export const runIsolated = async (
  name: string,
  hosts: readonly string[] = [],
): Promise<[string, string][]> => {
  const last = (await outputOf(name, { hosts })).trim().split("\n").at(-1) ?? "";
  return Object.entries(JSON.parse(last) as Record<string, string>);
};
