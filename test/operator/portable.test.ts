import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { configFrom } from "../../src/config/load.js";
import { connect } from "../../src/host/connect.js";
import { archivedMode } from "../../src/operator/folder.js";
import { sshConfigFrom } from "../../src/transport/ssh/config.js";
import { parseKnownHosts } from "../../src/transport/ssh/known-hosts.js";

// What can be tested on Linux of swarmhub on macOS and on Windows; docs/operations.md says what was not tried.

const sources = async (): Promise<[path: string, text: string][]> =>
  Promise.all(
    (await readdir("src", { recursive: true, withFileTypes: true }))
      .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
      .map((entry) => join(entry.parentPath, entry.name))
      .map(async (path) => [path, await readFile(path, "utf8")]),
  );

test("the operator's machine needs no program but OpenSSH's; a shell is for a class on that machine and for `ssh: system`", async (t) => {
  const calls = (await sources()).flatMap(([path, text]) =>
    [
      ...text.matchAll(/\b(?:execa|spawn|execFile|exec|fork)(?:Sync)?\(\s*("[^"]*"|[\w.]+)/g),
    ].flatMap(([, program = ""]) => (program.startsWith('"') ? [`${path}: ${program}`] : [])),
  );
  t.deepEqual([...new Set(calls)].toSorted(), [
    'src/transport/local.ts: "/bin/sh"',
    'src/transport/ssh/config.ts: "ssh"',
    'src/transport/ssh/keys.ts: "ssh-add"',
    'src/transport/system/client.ts: "ssh"',
    'src/transport/system/process.ts: "/bin/sh"',
  ]);
});

test("`swarmhub images` runs docker on the operator's machine, and nothing else", async (t) => {
  const calls = (await sources()).flatMap(([, text]) =>
    [...text.matchAll(/runLocally\(\s*\[\s*"([^"]+)"/g)].map(([, program]) => program),
  );
  t.deepEqual([...new Set(calls)], ["docker"]);
});

test("only the transport starts programs, and a rehearsal the browser that it is told to", async (t) => {
  const importing = (await sources()).filter(([, text]) =>
    /from "(?:execa|node:child_process|child_process)"/.test(text),
  );
  t.deepEqual(importing.map(([path]) => path).toSorted(), [
    "src/rehearsal/browser/chromium.ts",
    "src/transport/local.ts",
    "src/transport/ssh/config.ts",
    "src/transport/ssh/keys.ts",
    "src/transport/system/client.ts",
    "src/transport/system/process.ts",
  ]);
});

test("a configuration with line ends of Windows is the same one", (t) => {
  const text = "name: geo-101\nmanager: m\n# a comment\nstorage: {file: 40G}\nworkers:\n  - w1\n";
  t.deepEqual(
    configFrom(text.replaceAll("\n", "\r\n"), "/class/swarmhub.yaml"),
    configFrom(text, "/class/swarmhub.yaml"),
  );
});

test("what OpenSSH prints and keeps with line ends of Windows is read", (t) => {
  const lines = "hostname box.example.org\r\nuser ada\r\nport 2222\r\nidentityfile ~/.ssh/key\r\n";
  t.like(sshConfigFrom("box", lines, {}), {
    hostname: "box.example.org",
    user: "ada",
    port: 2222,
  });
  const [known] = parseKnownHosts("box ssh-ed25519 AAAA\r\n", "known_hosts");
  t.is(known?.key, "AAAA");
});

test("the agent of Windows is found without a variable, others by theirs", (t) => {
  const pipe = String.raw`\\.\pipe\openssh-ssh-agent`;
  t.is(sshConfigFrom("box", "", {}, "win32").agent, pipe);
  t.is(sshConfigFrom("box", "identityagent none\n", {}, "win32").agent, undefined);
  t.is(sshConfigFrom("box", "", { SSH_AUTH_SOCK: "/run/agent" }, "win32").agent, "/run/agent");
  t.is(sshConfigFrom("box", "", {}, "darwin").agent, undefined);
});

test("a program in a folder can be run in the image, also from a system without such a mode", (t) => {
  t.is(archivedMode(0o100644, "linux"), 0o644);
  t.is(archivedMode(0o100755, "darwin"), 0o755);
  t.is(archivedMode(0o100666, "win32"), 0o755);
});

test("a class on the operator's own machine needs Linux there", async (t) => {
  const error = await t.throwsAsync(connect("local", { acceptNewHostKeys: false }, "darwin"));
  t.is(error?.message, '"local" is this machine, and it does not run Linux (darwin)');
});
