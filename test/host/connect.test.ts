import { readFile, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import baseTest, { type ExecutionContext } from "ava";
import { connect } from "../../src/host/connect.js";
import { connectionError, sshdFor, transportTo, connectAndRun } from "../support/ssh-session.js";
import { type Sshd, hasSshd, writeProgram } from "../support/sshd.js";

const test = hasSshd() ? baseTest : baseTest.skip;

const fakeSudo = `printf "%s " "$@" >>"$0.log"; [ "$1" = -n ] && shift; [ "$1" = -- ] && shift; exec "$@"`;

/** A login as ada, not root, with a fake sudo. */
const fakeLogin = async (
  t: ExecutionContext,
  sudo: string,
  settings: string[] = [],
): Promise<Sshd> => {
  const sshd = await sshdFor(t, { settings });
  await writeProgram(sshd.folder, "id", "case $1 in -u) echo 1000;; -un) echo ada;; esac");
  await writeProgram(sshd.folder, "sudo", sudo);
  return sshd;
};

test("a login that is not root works with sudo -n", async (t) => {
  const sshd = await fakeLogin(t, fakeSudo);
  t.is(await connectAndRun(sshd, { acceptNewHostKeys: true }), "hello\n");
  t.regex(
    await readFile(join(sshd.folder, "bin/sudo.log"), "utf8"),
    /^(?!.*section).*-n -- sh -s .*-n -- echo hello $/s,
    "and no script shows in sudo's log",
  );
});

test("a login that may not use a unix socket reaches it with sudo -n", async (t) => {
  const sshd = await fakeLogin(t, fakeSudo, ["AllowStreamLocalForwarding no"]);
  const path = join(sshd.folder, "echo");
  const echo = createServer({ allowHalfOpen: true }, (socket) => socket.pipe(socket));
  await new Promise<void>((listening) => {
    echo.listen(path, listening);
  });
  t.teardown(() => {
    echo.close();
  });
  const transport = await transportTo(sshd);
  t.teardown(() => transport.close());
  const socket = await transport.socket(path);
  socket.end("hello");
  t.is(await text(socket), "hello");
  t.regex(await readFile(join(sshd.folder, "bin/sudo.log"), "utf8"), /-n perl -e [^]*echo $/);
});

test("a sudo that wants a password is reported at once, with the line for sudoers", async (t) => {
  const sshd = await fakeLogin(t, "echo 'sudo: a password is required' >&2; exit 1");
  const error = await connectionError(t, connectAndRun(sshd, { acceptNewHostKeys: true }));
  t.is(error.code, 3);
  t.is(
    error.message,
    "box: ada is not root and cannot become root without a password: sudo: a password is required",
  );
  t.true(error.hint?.includes("echo 'ada ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/swarmhub"));
});

test("an image that forbids root's login by a command says which user to write", async (t) => {
  const sshd = await sshdFor(t);
  const key = await readFile(join(sshd.folder, "id.pub"), "utf8");
  const command = `echo 'Please login as the user \\"ubuntu\\" rather than the user \\"root\\".';echo;exit 142`;
  await writeFile(join(sshd.folder, "authorized"), `no-pty,command="${command}" ${key}`);
  const error = await connectionError(t, connectAndRun(sshd, { acceptNewHostKeys: true }));
  t.is(error.message, "box: this machine wants logins as ubuntu, not as root");
  t.is(error.hint, "write `ubuntu@box` instead of `box` in the configuration");
});

test("a whole run uses one connection", async (t) => {
  const sshd = await sshdFor(t);
  const host = await connect("box", { sshConfigFile: sshd.configFile, acceptNewHostKeys: true });
  t.teardown(() => host.close());
  await Promise.all([host.run(["true"]), host.script("true"), host.run(["true"])]);
  const file = join(sshd.folder, "deep/er/file");
  await host.write(file, "content\n", 0o640);
  t.is(await readFile(file, "utf8"), "content\n");
  t.is((await stat(file)).mode & 0o777, 0o640);
  t.is(sshd.dials(), 1);
  t.is(host.reachedAt, "127.0.0.1");
});

if (!hasSshd())
  baseTest("left out: this machine has no /usr/sbin/sshd (apt-get install openssh-server)", (t) => {
    t.pass();
  });
