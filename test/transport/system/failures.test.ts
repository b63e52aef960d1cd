import { mkdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import {
  failureOf,
  isHostKeyFailure,
  jumpFailure,
  offeredKeys,
} from "../../../src/transport/system/failures.js";
import { privateFolder } from "../../../src/transport/system/folder.js";
import { temporaryFolder } from "../../support/temporary-folder.js";

const key = "debug1: Server host key: ssh-ed25519 SHA256:abc";

for (const [lines, failure] of [
  [["ssh: Could not resolve hostname box: Name or service not known"], { code: "ENOTFOUND" }],
  [["ssh: connect to host box port 22: Connection refused"], { code: "ECONNREFUSED" }],
  [["ssh: connect to host box port 22: No route to host"], { code: "EHOSTUNREACH" }],
  [["ssh: connect to host box port 22: Network is unreachable"], { code: "ENETUNREACH" }],
  [["ssh: connect to host box port 22: Operation timed out"], { code: "ETIMEDOUT" }],
  [["Connection timed out during banner exchange"], { code: "ETIMEDOUT" }],
  [["kex_exchange_identification: read: Connection reset by peer"], { code: "ECONNRESET" }],
  [["Connection closed by 192.0.2.1 port 22"], { code: "ECONNRESET" }],
  [[key, "Connection closed by 192.0.2.1 port 22"], { level: "client-closed" }],
  [["ada@box: Permission denied (publickey)."], { level: "client-authentication" }],
  [
    ["Received disconnect from 192.0.2.1 port 22:2: Too many authentication failures"],
    { code: undefined, level: undefined },
  ],
  [
    ["debug1: Connection timed out", "something new"],
    { code: undefined, message: "something new" },
  ],
  [[], { message: "ssh ended without a word" }],
] as const)
  test(`"${lines.at(-1) ?? ""}" of ssh is the failure ${JSON.stringify(failure)}`, (t) => {
    t.like(failureOf(lines), failure);
  });

test("the keys that ssh offered are named once, and refused host keys and forwards are found", (t) => {
  t.deepEqual(
    offeredKeys([
      "debug1: Offering public key: /home/ada/my keys/id ED25519 SHA256:abc explicit",
      "debug1: Offering public key: ada@laptop ED25519-SK SHA256:def agent",
      "debug1: Offering public key: ada@laptop ED25519-SK SHA256:def agent",
    ]),
    ["/home/ada/my keys/id", "ada@laptop"],
  );
  t.true(isHostKeyFailure(["Host key verification failed."]));
  t.false(isHostKeyFailure(["Permission denied (publickey)."]));
  t.is(
    jumpFailure(["channel 2: open failed: administratively prohibited: open failed"]),
    "administratively prohibited: open failed",
  );
  t.is(jumpFailure(["debug1: channel 2: new"]), undefined);
});

test("the private folder is closed to others, and short enough for ssh's socket", async (t) => {
  const long = join(temporaryFolder(), "x".repeat(60));
  await mkdir(long);
  const spaced = join(temporaryFolder(), "a b");
  await mkdir(spaced);
  const plain = temporaryFolder();
  for (const parent of [plain, long, spaced]) {
    const folder = await privateFolder(parent);
    t.teardown(() => rm(folder, { recursive: true }));
    t.is((await stat(folder)).mode & 0o777, 0o700);
    t.true(join(folder, "control.0123456789abcdef").length <= 103);
    t.is(folder.startsWith(parent), parent === plain);
  }
});
