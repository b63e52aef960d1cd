import { spawn } from "node:child_process";
import { readFile, readdir, writeFile } from "node:fs/promises";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import baseTest from "ava";
import { execa } from "execa";
import { dialBySystem } from "../../src/transport/system/dial.js";
import { waitUntil } from "../../src/wait.js";
import { addKnownHost, connectAndRun, connectionError, sshdFor } from "../support/ssh-session.js";
import { type Sshd, hasSshd } from "../support/sshd.js";

// What a transport does is in contract.test.ts, and each fault beside its words over ssh2 in test/e2e/system-ssh.test.ts.
const test = hasSshd() ? baseTest : baseTest.skip;
const system = { usesSystemSsh: true, acceptNewHostKeys: true };
const keygen = (...argv: string[]) => execa("ssh-keygen", ["-q", ...argv]);

const anotherKey = async ({ folder }: Sshd): Promise<string> => {
  await keygen("-t", "ed25519", "-N", "", "-f", join(folder, "another"));
  return (await readFile(join(folder, "another.pub"), "utf8")).split(" ").slice(0, 2).join(" ");
};

test("a certificate logs in, which ssh2 cannot; the cure for that names the key", async (t) => {
  const sshd = await sshdFor(t);
  const id = join(sshd.folder, "id");
  const authority = join(sshd.folder, "ca");
  await keygen("-t", "ed25519", "-N", "", "-f", authority);
  await keygen("-s", authority, "-I", "test", "-n", userInfo().username, `${id}.pub`);
  const line = `cert-authority ${await readFile(`${authority}.pub`, "utf8")}`;
  await writeFile(join(sshd.folder, "authorized"), line);
  const error = await connectionError(t, connectAndRun(sshd, { acceptNewHostKeys: true }));
  t.regex(error.hint ?? "", /^to log in by the system's ssh, write the line `ssh: system` /);
  t.is(await connectAndRun(sshd, system), "hello\n");
});

test("an unknown host key is asked about with its fingerprint, saved, and known from then on", async (t) => {
  const sshd = await sshdFor(t);
  const asked: string[] = [];
  const askHostKey = async (host: string, offered: string) => {
    asked.push(`${host} ${offered}`);
    return true;
  };
  const strict = { usesSystemSsh: true, acceptNewHostKeys: false };
  t.is(await connectAndRun(sshd, { ...strict, askHostKey }), "hello\n");
  const { stdout } = await execa("ssh-keygen", ["-lf", join(sshd.folder, "host-ed25519.pub")]);
  t.deepEqual(asked, [`box ssh-ed25519 ${stdout.split(" ")[1]}`]);
  t.is(
    await readFile(sshd.knownHosts, "utf8"),
    `[127.0.0.1]:${sshd.port} ${await sshd.hostKey("ed25519")}\n`,
  );
  const dials = sshd.dials();
  t.is(await connectAndRun(sshd, strict), "hello\n");
  t.is(sshd.dials(), dials + 1);
});

test("StrictHostKeyChecking no in the configuration accepts a new key, and no changed one", async (t) => {
  const sshd = await sshdFor(t, { client: ["StrictHostKeyChecking no"] });
  const strict = { usesSystemSsh: true };
  t.is(await connectAndRun(sshd, strict), "hello\n");
  await writeFile(sshd.knownHosts, "");
  await addKnownHost(sshd, await anotherKey(sshd));
  const error = await connectionError(t, connectAndRun(sshd, strict));
  t.regex(error.message, /host key \S+ SHA256:\S+ is not the one in/);
});

const foldersOf = async (): Promise<string[]> =>
  (await readdir(tmpdir())).filter((name) => /^swarmhub-\w{6}$/.test(name));

test("when swarmhub is killed, its connection and its private folder go with it", async (t) => {
  const sshd = await sshdFor(t);
  const before = new Set(await foldersOf());
  const options = { sshConfigFile: sshd.configFile, acceptNewHostKeys: true, timeoutMs: 10_000 };
  const program = `const { systemTransport } = await import(${JSON.stringify(join(import.meta.dirname, "../../src/transport/system.js"))});
await systemTransport("box", ${JSON.stringify(options)});
console.log("connected");
setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", program], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await new Promise((connected) => child.stdout.once("data", connected));
  const made = (await foldersOf()).filter((name) => !before.has(name));
  t.true(made.length > 0);
  child.kill("SIGKILL");
  await waitUntil(
    async () => {
      const left = new Set(await foldersOf());
      const processes = await execa("pgrep", ["-f", sshd.configFile], { reject: false });
      return made.every((name) => !left.has(name)) && processes.stdout === "" ? true : undefined;
    },
    { deadline: 60_000, every: 50, otherwise: () => new Error("something of it remains") },
  );
  t.pass();
});

test("on Windows, whose ssh cannot share a connection, it is refused in a sentence", async (t) => {
  const options = { acceptNewHostKeys: false, timeoutMs: 100 };
  const error = await t.throwsAsync(dialBySystem("box", options, "win32"));
  t.regex(error.message, /^box: `ssh: system` does not work on Windows/);
});
