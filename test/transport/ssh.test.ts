import { spawn } from "node:child_process";
import { appendFile, readFile, writeFile } from "node:fs/promises";
import { type AddressInfo, type Socket, connect, createServer } from "node:net";
import { userInfo } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import baseTest, { type ExecutionContext } from "ava";
import { execa } from "execa";
import {
  type SshdOptions,
  addKnownHost,
  connectionError,
  loseConnection,
  refusesAll,
  sshdFor,
  transportTo,
  connectAndRun,
} from "../support/ssh-session.js";
import { type Sshd, hasSshd } from "../support/sshd.js";

const test = hasSshd() ? baseTest : baseTest.skip;

test("a rejected key is reported with the user, the keys and the command to type", async (t) => {
  const sshd = await sshdFor(t);
  await writeFile(join(sshd.folder, "authorized"), "");
  const error = await connectionError(t, connectAndRun(sshd, { acceptNewHostKeys: true }));
  const me = userInfo().username;
  t.is(error.code, 5);
  t.is(error.message, `box: ${me}@127.0.0.1 rejected every key (${join(sshd.folder, "id")})`);
  t.is(error.hint, `ssh-copy-id -p ${sshd.port} ${me}@127.0.0.1`);
  t.is(sshd.dials(), 1);
});

test("without any key the machine is not contacted", async (t) => {
  const sshd = await sshdFor(t);
  await writeFile(join(sshd.folder, "id"), "no key");
  const error = await connectionError(t, connectAndRun(sshd));
  t.regex(error.message, /no SSH key to log in with/);
  t.regex(error.hint ?? "", /^ssh-keygen -t ed25519 && ssh-copy-id /);
  t.is(sshd.dials(), 0);
});

const withAgent = async (
  t: ExecutionContext,
  sshd: Sshd,
): Promise<(key: string) => Promise<void>> => {
  const socket = join(sshd.folder, "agent");
  const agent = spawn("ssh-agent", ["-D", "-a", socket], { stdio: ["ignore", "pipe", "ignore"] });
  t.teardown(() => void agent.kill());
  await new Promise((ready) => agent.stdout.once("data", ready));
  const config = await readFile(sshd.configFile, "utf8");
  await writeFile(sshd.configFile, config.replace("IdentityAgent none", `IdentityAgent ${socket}`));
  return async (key) => {
    await execa("ssh-add", ["-q", key], { env: { SSH_AUTH_SOCK: socket, DISPLAY: "" } });
  };
};

test("a key with a passphrase is reported with ssh-add; an agent that holds it logs in", async (t) => {
  const sshd = await sshdFor(t);
  const id = join(sshd.folder, "id");
  const add = await withAgent(t, sshd);
  const open = join(sshd.folder, "open");
  await writeFile(open, await readFile(id), { mode: 0o600 });
  await execa("ssh-keygen", ["-q", "-p", "-N", "secret", "-f", id]);
  const error = await connectionError(t, connectAndRun(sshd, { acceptNewHostKeys: true }));
  t.is(error.message, `box: ${id} has a passphrase, and no agent holds it`);
  t.is(error.hint, `eval "$(ssh-agent)"; ssh-add ${id}`);
  await add(open);
  t.is(await connectAndRun(sshd, { acceptNewHostKeys: true }), "hello\n");
});

test("an agent with more keys than sshd accepts offers the configured one first", async (t) => {
  const sshd = await sshdFor(t);
  const add = await withAgent(t, sshd);
  for (let number = 0; number < 7; number += 1) {
    const file = join(sshd.folder, `extra-${number}`);
    await execa("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", file]);
    await add(file);
  }
  await add(join(sshd.folder, "id"));
  t.is(await connectAndRun(sshd, { acceptNewHostKeys: true }), "hello\n");
});

test("a missing agent is skipped and the key file is used", async (t) => {
  const sshd = await sshdFor(t);
  const config = await readFile(sshd.configFile, "utf8");
  await writeFile(sshd.configFile, config.replace("IdentityAgent none", "IdentityAgent /nowhere"));
  t.is(await connectAndRun(sshd, { acceptNewHostKeys: true }), "hello\n");
});

/** "box" is reached through "gate", another sshd. */
const behindGate = async (t: ExecutionContext, gateSettings?: SshdOptions) => {
  const gate = await sshdFor(t, gateSettings);
  const box = await sshdFor(t, { client: ["ProxyJump gate"] });
  const gateConfig = (await readFile(gate.configFile, "utf8")).replace("Host box", "Host gate");
  await appendFile(box.configFile, gateConfig);
  return { gate, box };
};

test("a machine behind a jump host is reached through it, both host keys verified", async (t) => {
  const { gate, box } = await behindGate(t);
  t.is(await connectAndRun(box, { acceptNewHostKeys: true }), "hello\n");
  t.deepEqual([gate.dials(), box.dials()], [1, 1]);
  t.is(await connectAndRun(box), "hello\n");
  await writeFile(gate.knownHosts, "");
  t.regex((await connectionError(t, connectAndRun(box))).message, /^gate: unknown host key /);
  await addKnownHost(gate, await gate.hostKey("ed25519"));
  await writeFile(box.knownHosts, "");
  t.regex((await connectionError(t, connectAndRun(box))).message, /^box: unknown host key /);
});

test("a jump host as user@host:port works, and so does a second one behind it", async (t) => {
  const { gate, box } = await behindGate(t);
  const config = await readFile(box.configFile, "utf8");
  const jumps = `gate,${userInfo().username}@127.0.0.1:${gate.port}`;
  await writeFile(
    box.configFile,
    `${config.replace("ProxyJump gate", `ProxyJump ${jumps}`)}\nHost 127.0.0.1\n  IdentityFile ${gate.folder}/id\n  UserKnownHostsFile ${gate.knownHosts}\n`,
  );
  t.is(await connectAndRun(box, { acceptNewHostKeys: true }), "hello\n");
  t.deepEqual([gate.dials(), box.dials()], [2, 1]);
});

test("a jump host that forbids forwarding is reported with the sshd setting", async (t) => {
  const { box } = await behindGate(t, { settings: ["AllowTcpForwarding no"] });
  const error = await connectionError(t, connectAndRun(box, { acceptNewHostKeys: true }));
  t.regex(error.message, /^box: the jump host cannot reach 127.0.0.1 port/);
  t.regex(error.hint ?? "", /AllowTcpForwarding yes/);
});

test("jump hosts in a circle end in an error", async (t) => {
  const sshd = await sshdFor(t, { client: ["ProxyJump box"] });
  const error = await connectionError(t, connectAndRun(sshd));
  t.regex(error.message, /jump/i);
});

test("a lost connection ends everything that runs or waits, with an error that names the host", async (t) => {
  const sshd = await sshdFor(t);
  const transport = await transportTo(sshd);
  await loseConnection(t, sshd, transport);
  await refusesAll(t, transport);
  await transport.close();
});

test("a machine that falls silent is given up after three keepalives", async (t) => {
  const sshd = await sshdFor(t);
  const transport = await transportTo(sshd, { keepaliveMs: 100 });
  t.teardown(() => transport.close());
  const onLine = () => sshd.freeze();
  await t.throwsAsync(transport.exec("echo started; sleep 30", { onLine }), {
    name: "UnreachableError",
    message: "box: the connection was lost (no answer to three keepalives in a row)",
  });
});

test("an sshd that allows two sessions still runs thirty commands", async (t) => {
  const sshd = await sshdFor(t, { settings: ["MaxSessions 2"] });
  const transport = await transportTo(sshd);
  t.teardown(() => transport.close());
  const outputs = await Promise.all(
    Array.from({ length: 30 }, (_, number) => transport.exec(`echo ${number}`)),
  );
  t.deepEqual(
    outputs.map(({ stdout }) => Number(stdout)),
    Array.from({ length: 30 }, (_, number) => number),
  );
});

test("an sshd that allows no session is reported with the setting to change", async (t) => {
  const sshd = await sshdFor(t, { settings: ["MaxSessions 0"] });
  const error = await connectionError(t, connectAndRun(sshd, { acceptNewHostKeys: true }));
  t.regex(error.message, /^box: sshd refuses a session/);
  t.regex(error.hint ?? "", /MaxSessions/);
});

test("where sshd forwards no unix sockets, a relay does", async (t) => {
  const sshd = await sshdFor(t, { settings: ["AllowStreamLocalForwarding no"] });
  const echo = createServer({ allowHalfOpen: true }, (socket) => socket.pipe(socket));
  const path = join(sshd.folder, "echo");
  await new Promise<void>((listening) => echo.listen(path, listening));
  t.teardown(() => void echo.close());
  const transport = await transportTo(sshd);
  t.teardown(() => transport.close());
  for (const word of ["first", "x".repeat(1_000_000)]) {
    const socket = await transport.socket(path);
    socket.end(word);
    t.true((await text(socket)) === word);
  }
});

/** A server on loopback that does not speak SSH. */
const listener = async (t: ExecutionContext, greet: (socket: Socket) => void) => {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on("error", () => {});
    greet(socket);
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  t.teardown(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return (server.address() as AddressInfo).port;
};

/** Makes the host `box` of the configuration another port, and answers the one that it was. */
const pointTo = async ({ configFile }: Sshd, port: number): Promise<number> => {
  const config = await readFile(configFile, "utf8");
  await writeFile(configFile, config.replace(/Port \d+/, `Port ${port}`));
  return Number(/Port (\d+)/.exec(config)?.[1]);
};

const pointedAt = async (t: ExecutionContext, port: number): Promise<Sshd> => {
  const sshd = await sshdFor(t);
  await pointTo(sshd, port);
  return sshd;
};

test("a machine that does not answer is given up at the deadline", async (t) => {
  const sshd = await pointedAt(t, await listener(t, () => {}));
  const started = Date.now();
  const error = await connectionError(t, connectAndRun(sshd, { timeoutMs: 300 }));
  t.regex(error.message, /^box: 127.0.0.1 port \d+ did not answer in time/);
  t.true(Date.now() - started < 9000);
});

test("a machine that is slow at each step of the login is waited for", async (t) => {
  const sshd = await sshdFor(t);
  let port = 0;
  const slow = await listener(t, (socket) => {
    const there = connect({ host: "127.0.0.1", port });
    socket.pipe(there);
    there.on("data", (chunk) => setTimeout(() => socket.write(chunk), 1000));
    socket.on("close", () => there.destroy());
  });
  port = await pointTo(sshd, slow);
  const started = Date.now();
  const options = { timeoutMs: 3000, acceptNewHostKeys: true };
  t.is((await connectAndRun(sshd, options)).trim(), "hello");
  t.true(Date.now() - started > 3000);
});

test("a machine that sends something again and again and never lets anybody in is given up", async (t) => {
  const sshd = await pointedAt(
    t,
    await listener(t, (socket) => {
      const timer = setInterval(() => socket.write("wait\r\n"), 50);
      socket.on("close", () => clearInterval(timer));
    }),
  );
  const error = await connectionError(t, connectAndRun(sshd, { timeoutMs: 300 }));
  t.regex(error.message, /did not answer in time/);
});

test("a machine that closes the connection at once is reported as such", async (t) => {
  const sshd = await pointedAt(t, await listener(t, (socket) => socket.end()));
  const { message, hint } = await connectionError(t, connectAndRun(sshd));
  t.regex(message, /closed the connection at once, as sshd does for a while after failed logins/);
  t.regex(hint ?? "", /^wait a minute/);
});

test("a port where nothing listens is reported as such", async (t) => {
  const sshd = await pointedAt(t, 1);
  const error = await connectionError(t, connectAndRun(sshd));
  t.is(error.code, 5);
  t.regex(error.message, /^box: 127.0.0.1 port 1 refused the connection/);
});

if (!hasSshd())
  baseTest("left out: this machine has no /usr/sbin/sshd (apt-get install openssh-server)", (t) => {
    t.pass();
  });
