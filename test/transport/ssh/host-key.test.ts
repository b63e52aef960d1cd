import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import baseTest from "ava";
import { execa } from "execa";
import { know, refused, sshdFor, visit } from "../../support/ssh-session.js";
import { type Sshd, hasSshd } from "../../support/sshd.js";

const test = hasSshd() ? baseTest : baseTest.skip;

const fingerprintOf = async ({ folder }: Sshd, type = "ed25519"): Promise<string> =>
  (await execa("ssh-keygen", ["-lf", join(folder, `host-${type}.pub`)])).stdout.split(" ")[1]!;

const anotherKey = async ({ folder }: Sshd, type = "ed25519"): Promise<string> => {
  const file = join(folder, `another-${type}`);
  await execa("ssh-keygen", ["-q", "-t", type, "-N", "", "-f", file]);
  return (await readFile(`${file}.pub`, "utf8")).split(" ").slice(0, 2).join(" ");
};

test("an unknown host key stops, showing the fingerprint and the flag, and notes nothing", async (t) => {
  const sshd = await sshdFor(t);
  const error = await refused(t, visit(sshd));
  t.is(error.code, 5);
  t.is(
    error.message,
    `box: its host key is not known yet; it shows ssh-ed25519 ${await fingerprintOf(sshd)}`,
  );
  t.regex(error.hint ?? "", /--accept-new-host-keys/);
  await t.throwsAsync(stat(sshd.knownHosts), { code: "ENOENT" });
});

test("an unknown host key is accepted by the flag, noted for us alone, and known from then on", async (t) => {
  const sshd = await sshdFor(t);
  t.is(await visit(sshd, { acceptNewHostKeys: true }), "hello\n");
  const noted = `[127.0.0.1]:${sshd.port} ${await sshd.hostKey("ed25519")}\n`;
  t.is(await readFile(sshd.knownHosts, "utf8"), noted);
  t.is((await stat(sshd.knownHosts)).mode & 0o777, 0o600);
  t.is(await visit(sshd), "hello\n");
  t.is(await readFile(sshd.knownHosts, "utf8"), noted);
});

test("OpenSSH reads what we noted, hashed too", async (t) => {
  const sshd = await sshdFor(t);
  const hashing = (await readFile(sshd.configFile, "utf8")).replace(
    "HashKnownHosts no",
    "HashKnownHosts yes",
  );
  await writeFile(sshd.configFile, hashing);
  await visit(sshd, { acceptNewHostKeys: true });
  t.regex(await readFile(sshd.knownHosts, "utf8"), /^\|1\|/);
  const ssh = ["-F", sshd.configFile, "-o", "StrictHostKeyChecking=yes", "-o", "BatchMode=yes"];
  t.is((await execa("ssh", [...ssh, "box", "echo", "hello"])).stdout, "hello");
  t.is(await visit(sshd), "hello\n");
});

test("the person is asked about an unknown host key by its fingerprint, longer than the deadline if need be", async (t) => {
  const sshd = await sshdFor(t);
  const asked: string[][] = [];
  const answer = (isRight: boolean) => async (host: string, shown: string) => {
    asked.push([host, shown]);
    await new Promise((later) => setTimeout(later, 400));
    return isRight;
  };
  const error = await refused(t, visit(sshd, { askHostKey: answer(false) }));
  t.regex(error.message, /not known yet/);
  await visit(sshd, { askHostKey: answer(true) });
  t.is(await visit(sshd), "hello\n");
  const shown = `ssh-ed25519 ${await fingerprintOf(sshd)}`;
  t.deepEqual(asked, [
    ["box", shown],
    ["box", shown],
  ]);
});

test("two connections to one unknown machine ask once", async (t) => {
  const sshd = await sshdFor(t);
  let asked = 0;
  const askHostKey = async () => {
    asked += 1;
    return true;
  };
  await Promise.all([visit(sshd, { askHostKey }), visit(sshd, { askHostKey })]);
  t.is(asked, 1);
  t.is((await readFile(sshd.knownHosts, "utf8")).split("\n").length, 2);
});

for (const word of ["accept-new", "no"])
  test(`StrictHostKeyChecking ${word} accepts a new key and stops at a changed one`, async (t) => {
    const sshd = await sshdFor(t, { client: [`StrictHostKeyChecking ${word}`] });
    t.is(await visit(sshd), "hello\n");
    await writeFile(sshd.knownHosts, "");
    await know(sshd, await anotherKey(sshd));
    t.regex((await refused(t, visit(sshd))).message, /host key is not the one in/);
  });

test("a changed host key stops, also with the flag, naming the line and what to type", async (t) => {
  const sshd = await sshdFor(t);
  await writeFile(sshd.knownHosts, "# mine\n");
  await know(sshd, await anotherKey(sshd));
  const error = await refused(
    t,
    visit(sshd, { acceptNewHostKeys: true, askHostKey: async () => true }),
  );
  t.is(error.code, 5);
  t.true(
    error.message.startsWith(`box: its host key is not the one in ${sshd.knownHosts}:2;`),
    error.message,
  );
  t.true(error.message.includes(await fingerprintOf(sshd)));
  t.is(
    error.hint,
    `if it was made anew: ssh-keygen -R '[127.0.0.1]:${sshd.port}' -f ${sshd.knownHosts}`,
  );
});

test("the hint for a changed host key works", async (t) => {
  const sshd = await sshdFor(t);
  await know(sshd, await anotherKey(sshd));
  const { hint = "" } = await refused(t, visit(sshd));
  await execa("sh", ["-c", hint.slice(hint.indexOf("ssh-keygen"))]);
  t.is(await visit(sshd, { acceptNewHostKeys: true }), "hello\n");
});

test("a revoked host key stops, also with the flag", async (t) => {
  const sshd = await sshdFor(t);
  await know(sshd, await sshd.hostKey("ed25519"));
  await know(sshd, await sshd.hostKey("ed25519"), "@revoked ");
  const error = await refused(t, visit(sshd, { acceptNewHostKeys: true }));
  t.regex(error.message, /marked @revoked in .*known_hosts:2/);
});

test("a machine known only by a certificate authority is told as not supported", async (t) => {
  const sshd = await sshdFor(t);
  await know(sshd, await anotherKey(sshd), "@cert-authority ");
  t.regex((await refused(t, visit(sshd))).message, /certificate authority .*not supported/);
  t.is(await visit(sshd, { acceptNewHostKeys: true }), "hello\n");
});

test("a machine with several host keys is asked for the one that is known", async (t) => {
  const sshd = await sshdFor(t, { keys: ["ed25519", "ecdsa", "rsa"] });
  for (const type of ["rsa", "ecdsa"] as const) {
    await writeFile(sshd.knownHosts, "");
    await know(sshd, await sshd.hostKey(type));
    t.is(await visit(sshd), "hello\n");
  }
});

test("a machine that no longer shows the type of key that is known has changed", async (t) => {
  const sshd = await sshdFor(t);
  await know(sshd, await anotherKey(sshd, "ecdsa"));
  const error = await refused(t, visit(sshd, { acceptNewHostKeys: true }));
  t.regex(error.message, /host key is not the one in/);
});

if (!hasSshd())
  baseTest("left out: this machine has no /usr/sbin/sshd (apt-get install openssh-server)", (t) => {
    t.pass();
  });
