import { spawnSync } from "node:child_process";
import test from "ava";
import type { Docker } from "../../src/docker/client.js";
import { CommandError, UserError } from "../../src/errors.js";
import { createHost } from "../../src/host/host.js";
import { localTransport } from "../../src/transport/local.js";
import type { Transport } from "../../src/transport/transport.js";
import { fakeFacts } from "../support/fakes.js";

const silent: Transport = {
  exec: async () => ({ code: 0, stdout: "", stderr: "" }),
  socket: async () => Promise.reject(new Error("no socket")),
  prepare: () => {},
  close: async () => {},
};
const firstContact = { isRoot: true, facts: fakeFacts() };

test("a result is remembered until the machine changes", async (t) => {
  const host = createHost("node1", silent, {} as Docker, firstContact);
  let calls = 0;
  const inspect = () => host.remember("the answer", async () => (calls += 1));
  t.deepEqual(await Promise.all([inspect(), inspect()]), [1, 1]);
  host.forget();
  t.is(await inspect(), 2);
});

test("a failure is not remembered", async (t) => {
  const host = createHost("node1", silent, {} as Docker, firstContact);
  await t.throwsAsync(host.remember("the answer", async () => Promise.reject(new Error("lost"))));
  t.is(await host.remember("the answer", async () => 42), 42);
});

test("a script that arrives only in part does nothing", async (t) => {
  let sent = "";
  const recording: Transport = {
    ...silent,
    exec: async (_command, options) => {
      sent = String(options?.input);
      return { code: 0, stdout: "", stderr: "" };
    },
  };
  await createHost("node1", recording, {} as Docker, firstContact).script("echo one\necho two");
  const shell = (input: string) => spawnSync("sh", ["-s"], { input, encoding: "utf8" });
  t.is(shell(sent).stdout, "one\ntwo\n");
  for (const length of [sent.length - 3, sent.length >> 1])
    t.is(shell(sent.slice(0, length)).stdout, "");
});

const realShell = createHost("node1", localTransport(), {} as Docker, firstContact);

test("a script that fails is reported by its exit code and its last lines, never by its text", async (t) => {
  const failed = realShell.script("{\nset -e\nseq 9 >&2\nls /nowhere-at-all >/dev/null 2>&1\n}");
  await t.throwsAsync(failed, {
    instanceOf: CommandError,
    message: "node1: exit code 2:\n  5\n  6\n  7\n  8\n  9",
  });
});

test("a script that fails outside of a step is reported by its title", async (t) => {
  const failed = realShell.script("echo 'no such disk'; exit 3", { title: "inspect the disk" });
  await t.throwsAsync(failed, {
    instanceOf: CommandError,
    message: "node1: inspect the disk: exit code 3:\n  no such disk",
  });
});

test("a script that fails without output says so", async (t) => {
  await t.throwsAsync(realShell.script("exit 4"), { message: "node1: exit code 4, no output" });
});

test("a command that fails is reported by its words", async (t) => {
  const failed = realShell.run(["sh", "-c", "echo 'no room' >&2; exit 5"]);
  await t.throwsAsync(failed, {
    instanceOf: CommandError,
    message: "node1: `sh -c echo 'no room' >&2; exit 5`: exit code 5:\n  no room",
  });
});

test("a long command that fails is reported by its beginning, or by its title", async (t) => {
  const argv = ["sh", "-c", "echo 'no room' >&2\nexit 5"];
  await t.throwsAsync(realShell.run(argv), {
    message: "node1: `sh -c echo 'no room' >&2…`: exit code 5:\n  no room",
  });
  await t.throwsAsync(realShell.run(argv, { title: "write the limits" }), {
    message: "node1: write the limits: exit code 5:\n  no room",
  });
});

test("what does not end in time is reported by its title, or by its words", async (t) => {
  const late = { timeout: 100 };
  for (const [work, message] of [
    [realShell.script("sleep 9", late), "timed out after 0.1 s"],
    [
      realShell.script("sleep 9", { ...late, title: "take the lock" }),
      "take the lock: timed out after 0.1 s",
    ],
    [realShell.run(["sleep", "9"], late), "`sleep 9`: timed out after 0.1 s"],
  ] as const)
    await t.throwsAsync(work, { instanceOf: UserError, message: `local: ${message}` });
});

test.after.always("close", () => realShell.close());
