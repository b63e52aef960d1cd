import { spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { type Server, createServer } from "node:net";
import test, { type ExecutionContext } from "ava";
import { listenerProgram, proberProgram } from "../../../src/checks/connections/programs.js";

const interpreter = "perl";

/** Runs a program with this machine's perl until its output contains `until`. */
const perl = async (t: ExecutionContext, program: string, orders: string, until?: RegExp) => {
  const running = spawn(interpreter, ["-"], { stdio: ["pipe", "pipe", "inherit"] });
  const closed = once(running, "close");
  t.teardown(async () => {
    running.kill("SIGTERM");
    await closed;
  });
  let said = "";
  const seen = new Promise<void>((resolve) => {
    running.stdout.on("data", (chunk: Buffer) => {
      said += chunk.toString();
      if (until?.test(said) === true) resolve();
    });
  });
  running.stdin.end(`${program}${orders}\n`);
  await (until === undefined ? closed : Promise.race([seen, closed]));
  return { running, said: () => said };
};

const listening = async (t: ExecutionContext, server: Server): Promise<number> => {
  t.teardown(() => void server.close());
  await once(server.listen(0, "127.0.0.1"), "listening");
  return (server.address() as { port: number }).port;
};

const freePort = async (t: ExecutionContext): Promise<number> => {
  const server = createServer();
  const port = await listening(t, server);
  await once(server.close(), "close");
  return port;
};

test("with real perl 1 MB over TCP and packets over UDP arrive", async (t) => {
  const [tcp, udp] = [await freePort(t), await freePort(t)];
  const listener = await perl(
    t,
    listenerProgram,
    `n0 127.0.0.1 20\ntcp/${tcp}\nudp/${udp}`,
    /ready \d+\n/,
  );
  t.regex(
    listener.said(),
    new RegExp(`^open tcp/${tcp}\nopen udp/${udp}\nready ${listener.running.pid}\n$`),
  );
  const orders = [`n0 127.0.0.1 tcp ${tcp} ${2 ** 20} talk`, `n0 127.0.0.1 udp ${udp} 1472 talk`];
  const prober = await perl(t, proberProgram, orders.join("\n"));
  const last = Object.fromEntries(
    prober
      .said()
      .trim()
      .split("\n")
      .map((line) => line.split(/ (?=\w+$)/) as [string, string]),
  );
  t.deepEqual(last, {
    [`127.0.0.1 tcp ${tcp}`]: "reached",
    [`127.0.0.1 udp ${udp}`]: "reached",
  });
});

const asRoot = process.getuid?.() === 0 ? test : test.skip;

asRoot(
  "a UDP port is watched without being taken, whether another program uses it or not",
  async (t) => {
    const owner = createSocket("udp4");
    t.teardown(() => void owner.close());
    await once(owner.bind(0, "127.0.0.1"), "listening");
    const [used, free] = [owner.address().port, await freePort(t)];
    const orders = `abcd 127.0.0.1 20 watch\nudp/${used}\nudp/${free}`;
    const listener = await perl(t, listenerProgram, orders, /ready/);
    t.regex(listener.said(), new RegExp(`^open udp/${used}\nopen udp/${free}\n`));
    const [known, other] = await Promise.all(
      ["abcd", "abxx"].map((nonce) =>
        perl(t, proberProgram, `${nonce} 127.0.0.1 udp ${used} 1472 talk`),
      ),
    );
    t.is(known?.said(), `127.0.0.1 udp ${used} reached\n`);
    t.is(other?.said(), `127.0.0.1 udp ${used} silent\n`);
    const unused = await perl(t, proberProgram, `abcd 127.0.0.1 udp ${free} 1472 talk`);
    t.is(unused.said(), `127.0.0.1 udp ${free} reached\n`);
  },
);

asRoot("full packets of ESP arrive", async (t) => {
  const listener = await perl(t, listenerProgram, "n0 127.0.0.1 20\nesp/50", /ready/);
  t.regex(listener.said(), /^open esp\/50\n/);
  const orders = ["n0 127.0.0.1 esp 50 1480 talk", "other 127.0.0.1 esp 50 64 talk"];
  const [known, other] = await Promise.all(orders.map((order) => perl(t, proberProgram, order)));
  t.is(known?.said(), "127.0.0.1 esp 50 reached\n");
  t.is(other?.said(), "127.0.0.1 esp 50 silent\n");
});

test("a port in use is reported as occupied, and connecting to it is enough", async (t) => {
  const server = createServer((socket) => socket.destroy());
  const port = await listening(t, server);
  const listener = await perl(t, listenerProgram, `n0 127.0.0.1 20\ntcp/${port}`, /ready/);
  t.regex(listener.said(), /^occupied /);
  const prober = await perl(t, proberProgram, `n0 127.0.0.1 tcp ${port} 64 connect`);
  t.is(prober.said(), `127.0.0.1 tcp ${port} reached\n`);
});

test("a closed port is refused, and a listener that does not echo is broken", async (t) => {
  const server = createServer((socket) => socket.on("error", () => {}).end("no\n"));
  const [deaf, none] = [await listening(t, server), await freePort(t)];
  const orders = [`n0 127.0.0.1 tcp ${none} 64 talk`, `n0 127.0.0.1 tcp ${deaf} 64 talk`];
  const said = (await perl(t, proberProgram, orders.join("\n")))
    .said()
    .trim()
    .split("\n")
    .toSorted();
  t.deepEqual(said, [`127.0.0.1 tcp ${deaf} broken`, `127.0.0.1 tcp ${none} refused`].toSorted());
});

test("the listener answers only clients that know the nonce", async (t) => {
  const [tcp, udp] = [await freePort(t), await freePort(t)];
  await perl(t, listenerProgram, `n0 127.0.0.1 20\ntcp/${tcp}\nudp/${udp}`, /ready/);
  const orders = [`other 127.0.0.1 tcp ${tcp} 64 talk`, `other 127.0.0.1 udp ${udp} 64 talk`];
  const said = (await perl(t, proberProgram, orders.join("\n")))
    .said()
    .trim()
    .split("\n")
    .toSorted();
  t.deepEqual(said, [`127.0.0.1 tcp ${tcp} broken`, `127.0.0.1 udp ${udp} silent`]);
});

test("the listener ends by itself", async (t) => {
  const listener = await perl(t, listenerProgram, `n0 127.0.0.1 1\ntcp/${await freePort(t)}`);
  t.is(listener.running.exitCode, 0);
});
