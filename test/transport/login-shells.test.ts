import { existsSync } from "node:fs";
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { buffer } from "node:stream/consumers";
import baseTest from "ava";
import { connect } from "../../src/host/connect.js";
import { quote } from "../../src/text/shell.js";
import { sshdFor, transportTo } from "../support/ssh-session.js";
import { hasSshd } from "../support/sshd.js";

const shell = "/usr/bin/fish";
const test = hasSshd() && existsSync(shell) ? baseTest : baseTest.skip;
// What sshd does where the login's shell is fish: it passes the command to `fish -c`.
const fish = { settings: [`ForceCommand exec ${shell} -c "$SSH_ORIGINAL_COMMAND"`] };

test("where the login's shell is fish, commands with quotes and backslashes arrive as they are", async (t) => {
  const transport = await transportTo(await sshdFor(t, fish));
  t.teardown(() => transport.close());
  const words = `it's a \\ and \\\\ and '\\'' and $HOME and !1 and "x"`;
  const said = await transport.exec(`printf %s ${quote(words)}; test -z "$FISH_VERSION"`);
  t.deepEqual([said.stdout, said.code], [words, 0]);
  const nested = `sh -c ${quote(`sh -c ${quote(`printf %s ${quote(words)}`)}`)}`;
  t.is((await transport.exec(nested, { timeout: 20_000 })).stdout, words);
});

test("where the login's shell is fish and sshd has a banner, the facts are read", async (t) => {
  const sshd = await sshdFor(t, {
    settings: [...fish.settings, "Banner /etc/os-release"],
  });
  const host = await connect("box", { sshConfigFile: sshd.configFile, acceptNewHostKeys: true });
  t.teardown(() => host.close());
  t.true((await host.facts()).processors > 0);
  t.is(await host.script('echo "it\'s $((1 + 1))"'), "it's 2\n");
});

// As `.bashrc` does, which bash reads for each command of sshd; the last word has no line end.
const prints = {
  settings: [
    `ForceCommand echo "Welcome to box"; printf 'swarmhub-login root'; exec sh -c "$SSH_ORIGINAL_COMMAND"`,
  ],
};
const sshTest = hasSshd() ? baseTest : baseTest.skip;

sshTest("what the login's shell prints is in no answer, no line and no file", async (t) => {
  const transport = await transportTo(await sshdFor(t, prints));
  t.teardown(() => transport.close());
  const lines: string[] = [];
  const said = await transport.exec("echo one; echo two; exit 3", {
    onLine: (line) => lines.push(line),
  });
  t.deepEqual([said.stdout, said.code, lines], ["one\ntwo\n", 3, ["one", "two"]]);
  const into = new PassThrough();
  const copied = buffer(into);
  await transport.exec("head -c 300000 /dev/zero; printf end", { into });
  into.end();
  const bytes = await copied;
  t.deepEqual([bytes.length, bytes.subarray(-3).toString()], [300_003, "end"]);
});

sshTest(
  "where it prints, the facts are read, and who logged in is not taken from it",
  async (t) => {
    const sshd = await sshdFor(t, prints);
    const host = await connect("box", { sshConfigFile: sshd.configFile, acceptNewHostKeys: true });
    t.teardown(() => host.close());
    t.true((await host.facts()).processors > 0);
    t.is(await host.run(["echo", "hello"]), "hello\n");
  },
);

baseTest("no script for a machine needs bash, which a small system does not have", async (t) => {
  const found = await Promise.all(
    (await readdir("src", { recursive: true, withFileTypes: true }))
      .filter((entry) => entry.isFile() && !/^src\/cli|completion/.test(entry.parentPath))
      .map((entry) => join(entry.parentPath, entry.name))
      .map(async (path) => [path, await readFile(path, "utf8")] as const),
  );
  const needs = found.filter(([, text]) => /\bbash (-|<)|\/bin\/bash|"bash"/.test(text));
  t.deepEqual(
    needs.map(([path]) => path),
    [],
  );
});
