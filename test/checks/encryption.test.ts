import { spawnSync } from "node:child_process";
import test from "ava";
import { encryption } from "../../src/checks/encryption.js";
import { classOf } from "../support/class-of.js";
import { contextOf, lines } from "./support/context.js";

const encrypted = { config: { swarm: { encrypted: true } } };
const kernel = { facts: { kernel: "6.12" } };
const found = (answer: string) =>
  encryption.run(contextOf(classOf(0, { ...encrypted, answers: [["unshare", answer]] }), kernel));

test("a class that is not encrypted asks no machine", async (t) => {
  t.deepEqual(await encryption.run(contextOf(classOf(1))), []);
});

test("each machine of the Swarm is asked, and the storage host is not", async (t) => {
  const cluster = classOf(1, { ...encrypted, server: true, answers: [["unshare", ""]] });
  t.deepEqual(lines(await encryption.run(contextOf(cluster))), [
    "ok manager: its kernel can encrypt the overlay network",
    "ok worker1: its kernel can encrypt the overlay network",
  ]);
});

test("a kernel that cannot is an error with what it lacks and the command that gets it", async (t) => {
  const [error] = await found("esp\nxt_policy\n");
  t.is(error?.level, "error");
  t.is(
    error?.text,
    "Linux 6.12 cannot encrypt the overlay network: it has no ESP with AES-GCM (modules esp4, gcm and seqiv) and no match `policy` of iptables (module xt_policy)",
  );
  t.regex(error?.hint ?? "", /apt-get install linux-.*; or delete `encrypted` below `swarm`$/);
});

test("a machine without network namespaces is a note", async (t) => {
  t.deepEqual(
    (await found("untried\n")).map(({ level }) => level),
    ["note"],
  );
});

const isRoot = process.getuid?.() === 0;
(isRoot ? test : test.skip)(
  "the real kernel answers with words that are known, and keeps nothing",
  async (t) => {
    const answers = [
      [
        /unshare/,
        (command: string) =>
          spawnSync("sh", ["-s"], { input: command.replace(/^script /, ""), encoding: "utf8" })
            .stdout,
      ],
    ] as const;
    const context = contextOf(classOf(0, { ...encrypted, answers }), kernel);
    const [finding] = await encryption.run(context);
    t.regex(finding?.text ?? "", /^its kernel can|^Linux 6\.12 cannot .* no ESP|was not tested/);
    const list = spawnSync("ip", ["xfrm", "state"], { encoding: "utf8" });
    t.notRegex(list.stdout, /192\.0\.2\.1/);
  },
);
