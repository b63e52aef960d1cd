import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { homedir, tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import test from "ava";
import { resolveSsh, sshConfigFrom } from "../../../src/transport/ssh/config.js";

const minimal = `hostname 192.0.2.7
port 22
user ada
identityfile ~/.ssh/id_ed25519
identityfile %d/keys/%r@%h-%p
userknownhostsfile /home/ada/.ssh/known_hosts /home/ada/.ssh/known_hosts2
globalknownhostsfile /etc/ssh/ssh_known_hosts
stricthostkeychecking ask
hashknownhosts no
identitiesonly no
`;
const read = (more = "", environment: NodeJS.ProcessEnv = {}) =>
  sshConfigFrom("box", more + minimal, environment);

test("the output of ssh -G is parsed", (t) => {
  t.deepEqual(read(), {
    hostname: "192.0.2.7",
    port: 22,
    user: "ada",
    certificateFiles: [],
    identityFiles: [join(homedir(), ".ssh/id_ed25519"), join(homedir(), "keys/ada@192.0.2.7-22")],
    agent: undefined,
    identitiesOnly: false,
    jumps: [],
    hasProxyCommand: false,
    usesGssapi: false,
    cardLibrary: undefined,
    hostKeyName: "192.0.2.7",
    userKnownHosts: ["/home/ada/.ssh/known_hosts", "/home/ada/.ssh/known_hosts2"],
    globalKnownHosts: ["/etc/ssh/ssh_known_hosts"],
    hashKnownHosts: false,
    acceptsNewKeys: false,
  });
});

test("a port other than 22 is part of the name in known_hosts, and an alias replaces it", (t) => {
  t.is(read("port 2222\n").hostKeyName, "[192.0.2.7]:2222");
  t.is(read("port 2222\nhostkeyalias Class\n").hostKeyName, "Class");
  t.is(read("hostname Box.Example.ORG\n").hostKeyName, "box.example.org");
});

test("the agent is the one of the environment, a configured one, or none", (t) => {
  const environment = { SSH_AUTH_SOCK: "/run/agent", MINE: "/run/mine" };
  t.is(read("", environment).agent, "/run/agent");
  t.is(read("identityagent SSH_AUTH_SOCK\n", environment).agent, "/run/agent");
  t.is(read("identityagent none\n", environment).agent, undefined);
  t.is(read("identityagent $MINE\n", environment).agent, "/run/mine");
  t.is(read("identityagent ${MINE}\n", environment).agent, "/run/mine");
  t.is(read("identityagent ~/agent-%u\n").agent, join(homedir(), `agent-${userInfo().username}`));
});

test("jump hosts keep their order", (t) => {
  t.deepEqual(read("proxyjump ada@gate:2200,inner\n").jumps, ["ada@gate:2200", "inner"]);
  t.deepEqual(read("proxyjump none\n").jumps, []);
});

test("StrictHostKeyChecking accept-new and no accept new keys, yes and ask do not", (t) => {
  const accepts = (word: string) => read(`stricthostkeychecking ${word}\n`).acceptsNewKeys;
  t.deepEqual(["accept-new", "no", "off", "false", "ask", "yes", "true"].map(accepts), [
    true,
    true,
    true,
    true,
    false,
    false,
    false,
  ]);
});

test("no known_hosts file is an empty list", (t) => {
  t.deepEqual(sshConfigFrom("box", "userknownhostsfile none\n", {}).userKnownHosts, []);
});

test("a ProxyCommand, Kerberos and a card are noticed", (t) => {
  const more = "proxycommand nc %h %p\ngssapiauthentication yes\npkcs11provider /lib/card.so\n";
  t.like(read(more), { hasProxyCommand: true, usesGssapi: true, cardLibrary: "/lib/card.so" });
  t.false(read("proxycommand none\n").hasProxyCommand);
});

const withConfig = async (text: string, use: (file: string) => Promise<void>) => {
  const folder = await mkdtemp(join(tmpdir(), "swarmhub-config-"));
  try {
    await writeFile(join(folder, "config"), text);
    await use(join(folder, "config"));
  } finally {
    await rm(folder, { recursive: true });
  }
};

test("ssh resolves Host, User, Port and ProxyJump from the given file", (t) =>
  withConfig("Host box\n HostName 192.0.2.9\n User ada\n ProxyJump gate\n", async (file) => {
    const config = await resolveSsh("box", file);
    t.like(config, { hostname: "192.0.2.9", user: "ada", port: 22, jumps: ["gate"] });
    t.like(await resolveSsh("eve@other", file), { hostname: "other", user: "eve" });
    t.like(await resolveSsh("ssh://eve@other:2200", file), { hostname: "other", port: 2200 });
  }));

test("a destination that looks like an option is not taken as one", (t) =>
  withConfig("", async (file) => {
    const error = await t.throwsAsync(resolveSsh("-oProxyCommand=touch /tmp/x", file));
    t.regex(error.message, /ssh cannot read its configuration|ProxyCommand/);
  }));

test("a broken configuration is reported in ssh's words", (t) =>
  withConfig("Host box\n Prot 22\n", async (file) => {
    const error = await t.throwsAsync(resolveSsh("box", file));
    t.is(error.name, "UnreachableError");
    t.regex(error.message, /^box: ssh cannot read its configuration: .*line 2: Bad configuration/);
  }));
