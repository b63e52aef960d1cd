import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";

/**
 * Runs a program of test/e2e/support in a network namespace of its own, and returns the JSON object in the last line that it prints. In the host's,
 * each start of a lab aborts all requests of Chromium. `hosts` are further lines of /etc/hosts.
 */
export const runIsolated = async (
  name: string,
  hosts: readonly string[] = [],
): Promise<[string, string][]> => {
  const program = new URL(`${name}.js`, import.meta.url).pathname;
  const script = `ip link set lo up && mount --bind "$HOSTS" /etc/hosts && exec "$0" "$@"`;
  const folder = await mkdtemp(join(tmpdir(), "swarmhub-hosts-"));
  await writeFile(join(folder, "hosts"), ["127.0.0.1 localhost", ...hosts, ""].join("\n"));
  const argv = ["--net", "--mount", "sh", "-c", script, process.execPath, program];
  const child = spawn("unshare", argv, {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, HOSTS: join(folder, "hosts") },
  });
  const [output, [code]] = await Promise.all([
    text(child.stdout),
    once(child, "exit") as Promise<[number | null]>,
  ]);
  await rm(folder, { recursive: true });
  if (code !== 0) throw new Error(`the program ended with ${code}`);
  const last = output.trim().split("\n").at(-1) ?? "";
  return Object.entries(JSON.parse(last) as Record<string, string>);
};
