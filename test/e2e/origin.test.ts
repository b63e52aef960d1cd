import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import test from "ava";

const program = new URL("support/origin/program.js", import.meta.url).pathname;

/** The attacks and their outcomes. */
const run = async () => {
  const script = 'ip link set lo up && exec "$0" "$@"';
  const child = spawn("unshare", ["--net", "sh", "-c", script, process.execPath, program], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [output, [code]] = await Promise.all([
    text(child.stdout),
    once(child, "exit") as Promise<[number | null]>,
  ]);
  if (code !== 0) throw new Error(`the program ended with ${code}`);
  return Object.entries(JSON.parse(output) as Record<string, string>);
};

test("a page of a user's server cannot read pages of the hub or of another user in an admin's browser, and pages work", async (t) => {
  t.timeout(300_000);
  const attacks = await run();
  t.true(attacks.length > 30);
  t.deepEqual(
    attacks.filter(([, result]) => result !== "closed"),
    [],
  );
});
