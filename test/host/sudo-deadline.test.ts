import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import type { Docker } from "../../src/docker/client.js";
import { createHost } from "../../src/host/host.js";
import { quote } from "../../src/text/shell.js";
import type { Transport } from "../../src/transport/transport.js";
import { fakeFacts } from "../support/fakes.js";

/** The command that a host sends, with its deadline, and its input. */
const sent = async (
  isRoot: boolean,
  timeout?: number,
): Promise<{ command: string; input: string }> => {
  let sentCommand = "";
  let input = "";
  const transport = {
    exec: async (command, options) => {
      sentCommand = command;
      input = String(options?.input ?? "");
      return { code: 0, stdout: "", stderr: "" };
    },
    socket: async () => Promise.reject(new Error("no socket")),
    prepare: () => {},
    close: async () => {},
  } satisfies Transport;
  const host = createHost("node1", transport, {} as Docker, { isRoot, facts: fakeFacts() });
  await host.script(
    "sleep 100 & echo $! >/mark/pid; wait",
    timeout === undefined ? {} : { timeout },
  );
  return { command: sentCommand, input };
};

test("with sudo, root keeps the deadline, since the login may not end its processes", async (t) => {
  t.is((await sent(false, 3000)).command, "sudo -n -- timeout -k 5 4 sh -s");
  t.is((await sent(false)).command, "sudo -n -- sh -s");
  t.is((await sent(true, 3000)).command, "sh -s");
});

const canRun =
  process.getuid?.() === 0 &&
  existsSync("/usr/bin/sudo") &&
  spawnSync("unshare", ["-m", "true"]).status === 0;
(canRun ? test : test.skip)("a script of real sudo ends at its deadline", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "swarmhub-sudo-"));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  // In a mount namespace of its own: the machine's sudoers stays as it is.
  writeFileSync(join(folder, "sudoers"), "nobody ALL=(ALL) NOPASSWD: ALL\n", { mode: 0o440 });
  const { command, input } = await sent(false, 500);
  // As the SSH transport runs it: `timeout` of the login.
  const login = `timeout -k 5 1.5 sh -c ${quote(command)}`;
  const child = spawn("unshare", [
    "-m",
    "sh",
    "-c",
    `mount --bind ${folder}/sudoers /etc/sudoers
exec setpriv --reuid=65534 --regid=65534 --clear-groups ${login}`,
  ]);
  child.stdin.end(input.replaceAll("/mark/pid", join(folder, "pid")));
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const deadline = new Promise<void>((resolve) => setTimeout(resolve, 10_000));
  await Promise.race([ended, deadline]);
  const pid = Number(readFileSync(join(folder, "pid"), "utf8"));
  t.true(pid > 1);
  // An ended process stays listed until its parent asks for its exit code.
  const isAlive =
    existsSync(`/proc/${pid}`) && !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  if (isAlive) process.kill(pid);
  t.false(isAlive);
});
