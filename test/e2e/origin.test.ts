import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import test from "ava";

/** The addresses of the users' servers, whose names only a Swarm would resolve. */
const hosts = ["ada", "bob", "mallory"].map(
  (user, index) => `127.0.0.${index + 2} geo-101-nb-${user}`,
);

/** The attacks of a program and their outcomes. */
const run = async (name: string) => {
  const program = new URL(`support/origin/${name}.js`, import.meta.url).pathname;
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
  return Object.entries(JSON.parse(output) as Record<string, string>);
};

test("a page of a user's server cannot read pages of the hub or of another user in an admin's browser, and pages work", async (t) => {
  t.timeout(300_000);
  const attacks = await run("program");
  t.true(attacks.length > 30);
  t.deepEqual(
    attacks.filter(([, result]) => result !== "closed"),
    [],
  );
});

test("with subdomains a page of a user's server can neither read nor use the hub or another server, and login, pages and kernels work", async (t) => {
  t.timeout(300_000);
  const attacks = await run("subdomains");
  t.true(attacks.length > 45);
  t.deepEqual(
    attacks.filter(([, result]) => result !== "closed"),
    [],
  );
});
