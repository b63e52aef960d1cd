import { spawnSync } from "node:child_process";
import test from "ava";
import type { Docker } from "../../src/docker/client.js";
import { createHost } from "../../src/host/host.js";
import type { Transport } from "../../src/transport/transport.js";
import { fakeFacts } from "../support/fakes.js";

const silent: Transport = {
  exec: async () => ({ code: 0, stdout: "", stderr: "" }),
  socket: async () => Promise.reject(new Error("no socket")),
  prepare: () => {},
  close: async () => {},
};
const greeting = { isRoot: true, facts: fakeFacts() };

test("what was looked at is remembered until something changes there", async (t) => {
  const host = createHost("node1", silent, {} as Docker, greeting);
  let looks = 0;
  const look = () => host.remember("the answer", async () => (looks += 1));
  t.deepEqual(await Promise.all([look(), look()]), [1, 1]);
  host.forget();
  t.is(await look(), 2);
});

test("a look that failed is not remembered", async (t) => {
  const host = createHost("node1", silent, {} as Docker, greeting);
  await t.throwsAsync(host.remember("the answer", async () => Promise.reject(new Error("lost"))));
  t.is(await host.remember("the answer", async () => 42), 42);
});

test("a script of a machine that arrives only in part does nothing", async (t) => {
  let sent = "";
  const hears: Transport = {
    ...silent,
    exec: async (_command, options) => {
      sent = String(options?.input);
      return { code: 0, stdout: "", stderr: "" };
    },
  };
  await createHost("node1", hears, {} as Docker, greeting).script("echo one\necho two");
  const shell = (input: string) => spawnSync("sh", ["-s"], { input, encoding: "utf8" });
  t.is(shell(sent).stdout, "one\ntwo\n");
  for (const length of [sent.length - 3, sent.length >> 1])
    t.is(shell(sent.slice(0, length)).stdout, "");
});
