import { spawn } from "node:child_process";
import { readFile, rm, writeFile } from "node:fs/promises";
import { userInfo } from "node:os";
import { join } from "node:path";
import baseTest, { type ExecutionContext } from "ava";
import { execa } from "execa";
import type { SshConfig } from "../../../src/transport/ssh/config.js";
import { credentialsOf } from "../../../src/transport/ssh/keys.js";
import {
  type SshdOptions,
  connectAndRun,
  connectionError,
  sshdFor,
} from "../../support/ssh-session.js";
import { type Sshd, hasSshd } from "../../support/sshd.js";

const test = hasSshd() ? baseTest : baseTest.skip;
const options = { acceptNewHostKeys: true };
const keygen = (...argv: string[]) => execa("ssh-keygen", ["-q", ...argv]);

/** An sshd for "box", the path of its key, and an agent with that many other keys. */
const withAgent = async (t: ExecutionContext, others: number, settings: SshdOptions = {}) => {
  const sshd = await sshdFor(t, settings);
  const id = join(sshd.folder, "id");
  const socket = join(sshd.folder, "agent");
  const agent = spawn("ssh-agent", ["-D", "-a", socket], { stdio: ["ignore", "pipe", "ignore"] });
  t.teardown(() => void agent.kill());
  await new Promise((ready) => agent.stdout.once("data", ready));
  await change(sshd, "IdentityAgent none", `IdentityAgent ${socket}`);
  const add = (key: string) =>
    execa("ssh-add", ["-q", key], { env: { SSH_AUTH_SOCK: socket, DISPLAY: "" } });
  for (let number = 0; number < others; number += 1) {
    const file = join(sshd.folder, `extra-${number}`);
    await keygen("-t", "ed25519", "-N", "", "-f", file);
    await add(file);
  }
  return { sshd, id, add };
};

const change = async ({ configFile }: Sshd, from: string, to: string): Promise<void> =>
  writeFile(configFile, (await readFile(configFile, "utf8")).replace(from, to));

test("a public key as IdentityFile chooses its key of the agent", async (t) => {
  const { sshd, id, add } = await withAgent(t, 7);
  await add(id);
  await rm(id);
  await change(sshd, `IdentityFile ${id}`, `IdentityFile ${id}.pub\n  IdentitiesOnly yes`);
  t.is(await connectAndRun(sshd, options), "hello\n");
});

test("a key with a passphrase chooses its key of the agent, also without a .pub file", async (t) => {
  const { sshd, id, add } = await withAgent(t, 7);
  await add(id);
  await keygen("-p", "-N", "secret", "-f", id);
  await rm(`${id}.pub`);
  t.is(await connectAndRun(sshd, options), "hello\n");
});

test("a key file is tried before the agent's other keys", async (t) => {
  const { sshd } = await withAgent(t, 7);
  t.is(await connectAndRun(sshd, options), "hello\n");
});

test("where sshd ends the login after too many keys, the error says how to name one", async (t) => {
  const { sshd } = await withAgent(t, 7);
  await writeFile(join(sshd.folder, "authorized"), "");
  const error = await connectionError(t, connectAndRun(sshd, options));
  t.regex(error.message, /ended the login after too many keys \(.*id, 7 of the agent's keys\)/);
  t.regex(error.hint ?? "", /IdentityFile .*IdentitiesOnly yes/s);
});

test("certificates, which are not used, are named with a key that would be", async (t) => {
  const { sshd, id, add } = await withAgent(t, 0);
  const authority = join(sshd.folder, "ca");
  await keygen("-t", "ed25519", "-N", "", "-f", authority);
  await keygen("-s", authority, "-I", "test", "-n", userInfo().username, `${id}.pub`);
  await writeFile(join(sshd.folder, "authorized"), "");
  await add(id);
  const error = await connectionError(t, connectAndRun(sshd, options));
  t.regex(error.message, /rejected every key \(1 of the agent's keys\); not tried: /);
  t.true(error.message.includes(`${id}-cert.pub (a certificate)`));
  t.true(error.message.includes("1 of the agent's keys (a certificate)"));
  t.regex(
    error.hint ?? "",
    /`ssh: system` .*; or add a plain key: `ssh-keygen .* && ssh-copy-id -i /,
  );
});

baseTest.serial("a card and a Kerberos ticket, which are not used, are named", async (t) => {
  process.env["KRB5CCNAME"] = "KEYRING:ada";
  t.teardown(() => delete process.env["KRB5CCNAME"]);
  const { skipped } = await credentialsOf({
    identityFiles: [],
    certificateFiles: [],
    agent: undefined,
    usesGssapi: true,
    cardLibrary: "/lib/card.so",
  } as unknown as SshConfig);
  t.deepEqual(await skipped(), ["the keys of /lib/card.so (a card)", "a Kerberos ticket (GSSAPI)"]);
});

test("a security key, which is not used, is named", async (t) => {
  const { sshd, id } = await withAgent(t, 0);
  await rm(id);
  await writeFile(
    `${id}.pub`,
    "sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29t ada\n",
  );
  const error = await connectionError(t, connectAndRun(sshd, options));
  t.is(error.message, `box: no SSH key to log in with; not tried: ${id} (a security key)`);
});
