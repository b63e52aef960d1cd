import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import baseTest from "ava";
import { execa } from "execa";
import {
  addKnownHost,
  connectionError,
  sshdFor,
  connectAndRun,
} from "../../support/ssh-session.js";
import { type Sshd, hasSshd } from "../../support/sshd.js";

const test = hasSshd() ? baseTest : baseTest.skip;

const fingerprintOf = async ({ folder }: Sshd, type = "ed25519"): Promise<string> =>
  (await execa("ssh-keygen", ["-lf", join(folder, `host-${type}.pub`)])).stdout.split(" ")[1]!;

const anotherKey = async ({ folder }: Sshd, type = "ed25519"): Promise<string> => {
  const file = join(folder, `another-${type}`);
  await execa("ssh-keygen", ["-q", "-t", type, "-N", "", "-f", file]);
  return (await readFile(`${file}.pub`, "utf8")).split(" ").slice(0, 2).join(" ");
};

test("an unknown host key stops with its fingerprint and the flag, and nothing is saved", async (t) => {
  const sshd = await sshdFor(t);
  const error = await connectionError(t, connectAndRun(sshd));
  t.is(error.code, 5);
  t.is(error.message, `box: unknown host key ssh-ed25519 ${await fingerprintOf(sshd)}`);
  t.regex(error.hint ?? "", /--accept-new-host-keys/);
  await t.throwsAsync(stat(sshd.knownHosts), { code: "ENOENT" });
});

test("an unknown host key is accepted with the flag, saved with mode 0600, and known from then on", async (t) => {
  const sshd = await sshdFor(t);
  t.is(await connectAndRun(sshd, { acceptNewHostKeys: true }), "hello\n");
  const saved = `[127.0.0.1]:${sshd.port} ${await sshd.hostKey("ed25519")}\n`;
  t.is(await readFile(sshd.knownHosts, "utf8"), saved);
  t.is((await stat(sshd.knownHosts)).mode & 0o777, 0o600);
  t.is(await connectAndRun(sshd), "hello\n");
  t.is(await readFile(sshd.knownHosts, "utf8"), saved);
});

test("OpenSSH reads a saved host key, also a hashed one", async (t) => {
  const sshd = await sshdFor(t);
  const hashing = (await readFile(sshd.configFile, "utf8")).replace(
    "HashKnownHosts no",
    "HashKnownHosts yes",
  );
  await writeFile(sshd.configFile, hashing);
  await connectAndRun(sshd, { acceptNewHostKeys: true });
  t.regex(await readFile(sshd.knownHosts, "utf8"), /^\|1\|/);
  const ssh = ["-F", sshd.configFile, "-o", "StrictHostKeyChecking=yes", "-o", "BatchMode=yes"];
  t.is((await execa("ssh", [...ssh, "box", "echo", "hello"])).stdout, "hello");
  t.is(await connectAndRun(sshd), "hello\n");
});

test("the operator is asked about the fingerprint of an unknown host key, and may take longer than the deadline", async (t) => {
  const sshd = await sshdFor(t);
  const asked: string[][] = [];
  const answer = (isAccepted: boolean) => async (host: string, offered: string) => {
    asked.push([host, offered]);
    await new Promise((later) => setTimeout(later, 400));
    return isAccepted;
  };
  const error = await connectionError(t, connectAndRun(sshd, { askHostKey: answer(false) }));
  t.regex(error.message, /unknown host key/);
  await connectAndRun(sshd, { askHostKey: answer(true) });
  t.is(await connectAndRun(sshd), "hello\n");
  const offered = `ssh-ed25519 ${await fingerprintOf(sshd)}`;
  t.deepEqual(asked, [
    ["box", offered],
    ["box", offered],
  ]);
});

test("two connections to one unknown machine ask once", async (t) => {
  const sshd = await sshdFor(t);
  let asked = 0;
  const askHostKey = async () => {
    asked += 1;
    return true;
  };
  await Promise.all([connectAndRun(sshd, { askHostKey }), connectAndRun(sshd, { askHostKey })]);
  t.is(asked, 1);
  t.is((await readFile(sshd.knownHosts, "utf8")).split("\n").length, 2);
});

for (const word of ["accept-new", "no"])
  test(`StrictHostKeyChecking ${word} accepts a new key and refuses a changed one`, async (t) => {
    const sshd = await sshdFor(t, { client: [`StrictHostKeyChecking ${word}`] });
    t.is(await connectAndRun(sshd), "hello\n");
    await writeFile(sshd.knownHosts, "");
    await addKnownHost(sshd, await anotherKey(sshd));
    t.regex(
      (await connectionError(t, connectAndRun(sshd))).message,
      /host key \S+ SHA256:\S+ is not the one in/,
    );
  });

test("a changed host key stops, also with the flag, with its line and the command to type", async (t) => {
  const sshd = await sshdFor(t);
  await writeFile(sshd.knownHosts, "# mine\n");
  await addKnownHost(sshd, await anotherKey(sshd));
  const error = await connectionError(
    t,
    connectAndRun(sshd, { acceptNewHostKeys: true, askHostKey: async () => true }),
  );
  t.is(error.code, 5);
  t.is(
    error.message,
    `box: its host key ssh-ed25519 ${await fingerprintOf(sshd)} is not the one in ${sshd.knownHosts}:2: the machine was reinstalled, or somebody intercepts the connection`,
  );
  t.is(
    error.hint,
    `if it was reinstalled: ssh-keygen -R '[127.0.0.1]:${sshd.port}' -f ${sshd.knownHosts}`,
  );
});

test("the hint for a changed host key works", async (t) => {
  const sshd = await sshdFor(t);
  await addKnownHost(sshd, await anotherKey(sshd));
  const { hint = "" } = await connectionError(t, connectAndRun(sshd));
  await execa("sh", ["-c", hint.slice(hint.indexOf("ssh-keygen"))]);
  t.is(await connectAndRun(sshd, { acceptNewHostKeys: true }), "hello\n");
});

test("a revoked host key stops, also with the flag", async (t) => {
  const sshd = await sshdFor(t);
  await addKnownHost(sshd, await sshd.hostKey("ed25519"));
  await addKnownHost(sshd, await sshd.hostKey("ed25519"), "@revoked ");
  const error = await connectionError(t, connectAndRun(sshd, { acceptNewHostKeys: true }));
  t.regex(error.message, /marked @revoked in .*known_hosts:2/);
});

test("a machine known only through a certificate authority is reported as not supported", async (t) => {
  const sshd = await sshdFor(t);
  await addKnownHost(sshd, await anotherKey(sshd), "@cert-authority ");
  t.regex(
    (await connectionError(t, connectAndRun(sshd))).message,
    /certificate authority .*, which swarmhub's own SSH does not support$/,
  );
  t.is(await connectAndRun(sshd, { acceptNewHostKeys: true }), "hello\n");
});

test("a machine with several host keys is asked for the known one", async (t) => {
  const sshd = await sshdFor(t, { keys: ["ed25519", "ecdsa", "rsa"] });
  for (const type of ["rsa", "ecdsa"] as const) {
    await writeFile(sshd.knownHosts, "");
    await addKnownHost(sshd, await sshd.hostKey(type));
    t.is(await connectAndRun(sshd), "hello\n");
  }
});

test("a machine that no longer offers the known type of key has changed", async (t) => {
  const sshd = await sshdFor(t);
  await addKnownHost(sshd, await anotherKey(sshd, "ecdsa"));
  const error = await connectionError(t, connectAndRun(sshd, { acceptNewHostKeys: true }));
  t.regex(error.message, /host key \S+ SHA256:\S+ is not the one in/);
});

if (!hasSshd())
  baseTest("left out: this machine has no /usr/sbin/sshd (apt-get install openssh-server)", (t) => {
    t.pass();
  });
