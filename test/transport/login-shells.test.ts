import { existsSync } from "node:fs";
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
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

// What sshd does where .bashrc or config.fish prints a line.
const greets = { settings: ['ForceCommand echo Welcome; exec sh -c "$SSH_ORIGINAL_COMMAND"'] };

(hasSshd() ? baseTest : baseTest.skip)(
  "what a login's shell prints before a command is not its output",
  async (t) => {
    const transport = await transportTo(await sshdFor(t, greets));
    t.teardown(() => transport.close());
    t.is((await transport.exec("echo one")).stdout, "one\n");
    const lines: string[] = [];
    await transport.exec("echo two; echo three >&2", { onLine: (line) => lines.push(line) });
    t.deepEqual(lines.toSorted(), ["three", "two"]);
    const into = new PassThrough();
    const all = text(into);
    const { code } = await transport.exec("seq 20000; exit 3", { into });
    into.end();
    t.is(code, 3);
    t.is((await all).length, 108_894);
    t.is((await transport.exec("cat", { input: "four" })).stdout, "four");
  },
);

baseTest("no script for a machine needs bash, which a small system does not have", async (t) => {
  const found = await Promise.all(
    (await readdir("src", { recursive: true, withFileTypes: true }))
      .filter((entry) => entry.isFile() && !/^src\/cli|completion/.test(entry.parentPath))
      .map((entry) => join(entry.parentPath, entry.name))
      .map(async (path) => [path, await readFile(path, "utf8")] as const),
  );
  const needs = found.filter(([, content]) => /\bbash (-|<)|\/bin\/bash|"bash"/.test(content));
  t.deepEqual(
    needs.map(([path]) => path),
    [],
  );
});
