import { existsSync } from "node:fs";
import { appendFile, readFile, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import test, { type ExecutionContext } from "ava";
import { execa } from "execa";
import { dockerOver } from "../../src/docker/client.js";
import { quote } from "../../src/text/shell.js";
import { systemTransport } from "../../src/transport/system.js";
import { waitUntil } from "../../src/wait.js";
import {
  addKnownHost,
  connectAndRun,
  connectionError,
  loseConnection,
  refusesAll,
  sshdFor,
} from "../support/ssh-session.js";
import { fakeEngine, json } from "../support/fake-docker-engine.js";
import type { Sshd } from "../support/sshd.js";

// `ssh: system` on loopback, with real sshds; it needs no lab. The faults of a connection have the same words and cures as over ssh2.
const system = { usesSystemSsh: true, acceptNewHostKeys: true };

const change = async ({ configFile }: Sshd, from: string | RegExp, to: string): Promise<void> =>
  writeFile(configFile, (await readFile(configFile, "utf8")).replace(from, to));
const keygen = (...argv: string[]) => execa("ssh-keygen", ["-q", ...argv]);

/** A port of a server that does not speak SSH. */
const portOf = async (t: ExecutionContext, isSilent: boolean): Promise<number> => {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    t.teardown(() => void socket.destroy());
    if (!isSilent) socket.end();
  });
  t.teardown(() => void server.close());
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  return (server.address() as AddressInfo).port;
};

const anotherKey = async ({ folder }: Sshd): Promise<string> => {
  await keygen("-t", "ed25519", "-N", "", "-f", join(folder, "another"));
  return (await readFile(join(folder, "another.pub"), "utf8")).split(" ").slice(0, 2).join(" ");
};

/** "box" is reached through "gate", another sshd. */
const behindGate = async (t: ExecutionContext, settings: string[] = []) => {
  const gate = await sshdFor(t, { settings });
  const box = await sshdFor(t, { client: ["ProxyJump gate"] });
  const gateConfig = (await readFile(gate.configFile, "utf8")).replace("Host box", "Host gate");
  await appendFile(box.configFile, gateConfig);
  return { gate, box };
};

type Fault = { fault: string; make: (t: ExecutionContext) => Promise<Sshd>; options?: object };

const faults: readonly Fault[] = [
  {
    fault: "a rejected key",
    make: async (t) => {
      const sshd = await sshdFor(t);
      await writeFile(join(sshd.folder, "authorized"), "");
      return sshd;
    },
  },
  {
    fault: "a key with a passphrase",
    make: async (t) => {
      const sshd = await sshdFor(t);
      await keygen("-p", "-N", "secret", "-f", join(sshd.folder, "id"));
      return sshd;
    },
  },
  {
    fault: "a port where nothing listens",
    make: async (t) => {
      const sshd = await sshdFor(t);
      await change(sshd, /Port \d+/, "Port 1");
      return sshd;
    },
  },
  {
    fault: "a machine that does not answer",
    options: { timeoutMs: 300 },
    make: async (t) => {
      const sshd = await sshdFor(t);
      await change(sshd, /Port \d+/, `Port ${await portOf(t, true)}`);
      return sshd;
    },
  },
  {
    fault: "a machine that closes the connection at once",
    make: async (t) => {
      const sshd = await sshdFor(t);
      await change(sshd, /Port \d+/, `Port ${await portOf(t, false)}`);
      return sshd;
    },
  },
  {
    fault: "a name that does not exist",
    make: async (t) => {
      const sshd = await sshdFor(t);
      await change(sshd, "127.0.0.1", "box.invalid");
      return sshd;
    },
  },
  {
    fault: "an unknown host key",
    options: { acceptNewHostKeys: false },
    make: (t) => sshdFor(t),
  },
  {
    fault: "a changed host key",
    make: async (t) => {
      const sshd = await sshdFor(t);
      await addKnownHost(sshd, await anotherKey(sshd));
      return sshd;
    },
  },
  {
    fault: "a revoked host key",
    make: async (t) => {
      const sshd = await sshdFor(t);
      await addKnownHost(sshd, await sshd.hostKey("ed25519"), "@revoked ");
      return sshd;
    },
  },
  {
    fault: "a jump host that forbids forwarding",
    make: async (t) => (await behindGate(t, ["AllowTcpForwarding no"])).box,
  },
  {
    fault: "an sshd without sessions",
    make: (t) => sshdFor(t, { settings: ["MaxSessions 0"] }),
  },
  {
    fault: "an image that wants another user",
    make: (t) =>
      sshdFor(t, {
        settings: [
          `ForceCommand echo 'Please login as the user "ubuntu" rather than the user "root".'; exit 142`,
        ],
      }),
  },
];

/** Where a channel is refused, both add their own words. */
const withoutOwnWords = (message: string): string =>
  message.replace(/(refuses a session|port \d+): .*$/, "$1");

for (const { fault, make, options = {} } of faults)
  test(`${fault} has the same words and cure as over ssh2`, async (t) => {
    const sshd = await make(t);
    const own = await connectionError(
      t,
      connectAndRun(sshd, { acceptNewHostKeys: true, ...options }),
    );
    const other = await connectionError(t, connectAndRun(sshd, { ...system, ...options }));
    t.deepEqual(
      [withoutOwnWords(other.message), other.hint, other.code],
      [withoutOwnWords(own.message), own.hint, own.code],
    );
    t.notRegex(`${other.message} ${other.hint}`, /debug1|\bat \S+:\d+:\d+/);
  });

test("a ProxyCommand leads to the machine, and ssh2's refusal names the key", async (t) => {
  const sshd = await sshdFor(t);
  const relay = `${process.execPath} -e 'const s = require("net").connect(${sshd.port}, "127.0.0.1"); process.stdin.pipe(s).pipe(process.stdout)'`;
  await change(sshd, "HostName 127.0.0.1", `HostName 192.0.2.1\n  ProxyCommand ${relay}`);
  t.is(await connectAndRun(sshd, system), "hello\n");
  const error = await connectionError(t, connectAndRun(sshd));
  t.is(error.message, "box: swarmhub's own SSH does not know ProxyCommand, only ProxyJump");
  t.regex(error.hint ?? "", /`ssh: system`/);
});

test("a key that is accepted and written nowhere is enough for this run", async (t) => {
  const sshd = await sshdFor(t);
  await change(sshd, `UserKnownHostsFile ${sshd.knownHosts}`, "UserKnownHostsFile /dev/null");
  t.is(await connectAndRun(sshd, system), "hello\n");
  const error = await connectionError(t, connectAndRun(sshd, { usesSystemSsh: true }));
  t.regex(error.message, /^box: unknown host key /);
});

test("a host key that a certificate authority has signed is known, which ssh2 does not support", async (t) => {
  const sshd = await sshdFor(t);
  const authority = join(sshd.folder, "ca");
  await keygen("-t", "ed25519", "-N", "", "-f", authority);
  await keygen(
    "-s",
    authority,
    "-h",
    "-I",
    "box",
    "-n",
    "127.0.0.1",
    `${sshd.folder}/host-ed25519.pub`,
  );
  await appendFile(
    join(sshd.folder, "sshd_config"),
    `HostCertificate ${sshd.folder}/host-ed25519-cert.pub\n`,
  );
  await addKnownHost(sshd, (await readFile(`${authority}.pub`, "utf8")).trim(), "@cert-authority ");
  t.is(await connectAndRun(sshd, { usesSystemSsh: true }), "hello\n");
  const error = await connectionError(t, connectAndRun(sshd));
  t.regex(error.hint ?? "", /`ssh: system`/);
  await rm(join(sshd.folder, "host-ed25519-cert.pub"));
  t.regex(
    (await connectionError(t, connectAndRun(sshd, { usesSystemSsh: true }))).message,
    /^box: its host key .* has no valid certificate of the authority in .*known_hosts:1$/,
  );
});

test("a machine behind a jump host is reached through it, both host keys compared", async (t) => {
  const { gate, box } = await behindGate(t);
  t.is(await connectAndRun(box, system), "hello\n");
  await writeFile(gate.knownHosts, "");
  const error = await connectionError(t, connectAndRun(box, { usesSystemSsh: true }));
  t.regex(error.message, /^gate: unknown host key /);
});

const open = async (t: ExecutionContext, sshd: Sshd, more: object = {}) => {
  const options = { sshConfigFile: sshd.configFile, acceptNewHostKeys: true, timeoutMs: 10_000 };
  const transport = await systemTransport("box", { ...options, ...more });
  t.teardown(() => transport.close());
  return transport;
};

test("a lost connection ends everything that runs or waits, and makes no other one", async (t) => {
  const sshd = await sshdFor(t);
  const transport = await open(t, sshd);
  t.is(transport.address, "127.0.0.1");
  await loseConnection(t, sshd, transport);
  const dials = sshd.dials();
  await refusesAll(t, transport);
  t.is(sshd.dials(), dials);
});

test("a machine that falls silent is given up after three keepalives", async (t) => {
  const sshd = await sshdFor(t);
  const transport = await open(t, sshd, { keepaliveMs: 100 });
  const onLine = () => sshd.freeze();
  await t.throwsAsync(transport.exec("echo started; sleep 30", { onLine }), {
    name: "UnreachableError",
    message: "box: the connection was lost (no answer to three keepalives in a row)",
  });
});

test("an sshd that allows two sessions still runs twenty commands", async (t) => {
  const transport = await open(t, await sshdFor(t, { settings: ["MaxSessions 2"] }));
  const outputs = await Promise.all(
    Array.from({ length: 20 }, (_, number) => transport.exec(`echo ${number}; exit 255`)),
  );
  t.deepEqual(
    outputs.map(({ stdout, code }) => [Number(stdout), code]),
    Array.from({ length: 20 }, (_, number) => [number, 255]),
  );
});

test("where sshd forwards no unix sockets, a relay does", async (t) => {
  const sshd = await sshdFor(t, { settings: ["AllowStreamLocalForwarding no"] });
  const echo = createServer({ allowHalfOpen: true }, (socket) => socket.pipe(socket));
  const path = join(sshd.folder, "echo");
  await new Promise<void>((listening) => echo.listen(path, listening));
  t.teardown(() => void echo.close());
  const transport = await open(t, sshd);
  for (const word of ["first", "x".repeat(1_000_000)]) {
    const socket = await transport.socket(path);
    socket.end(word);
    t.true((await text(socket)) === word);
  }
});

const shell = "/usr/bin/fish";
(existsSync(shell) ? test : test.skip)(
  "where the login's shell is fish and prints a line, commands arrive and answer as they are",
  async (t) => {
    const settings = [
      `ForceCommand echo Welcome; exec ${shell} -c "$SSH_ORIGINAL_COMMAND"`,
      "Banner /etc/os-release",
    ];
    const transport = await open(t, await sshdFor(t, { settings }));
    const words = `it's a \\ and \\\\ and '\\'' and $HOME and !1 and "x"`;
    const nested = `sh -c ${quote(`printf %s ${quote(words)}; exit 3`)}`;
    for (const timeout of [undefined, 20_000]) {
      const said = await transport.exec(nested, timeout === undefined ? {} : { timeout });
      t.deepEqual([said.stdout, said.code], [words, 3]);
    }
  },
);

test("Docker's API answers over the forwarded socket, also thirty calls at once, on six connections", async (t) => {
  const sshd = await sshdFor(t);
  const engine = await fakeEngine(t, (_, response) => json(response, 200, []));
  const transport = await open(t, sshd);
  const docker = dockerOver("box", () => transport.socket(engine.path));
  const started = performance.now();
  await Promise.all(Array.from({ length: 30 }, () => docker.listContainers()));
  t.log(`thirty calls took ${Math.round(performance.now() - started)} ms`);
  t.is(engine.asked.length, 30);
  t.true(engine.connections() <= 6);
  // Docker starts again: what was open closes, and the next calls get new connections.
  engine.hangUp();
  await waitUntil(async () => docker.listContainers().catch(() => undefined), {
    deadline: 10_000,
    every: 50,
    otherwise: () => new Error("no call is answered any more"),
  });
});
