import { once } from "node:events";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { type Server, type Socket, connect, createServer } from "node:net";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { reportProgram } from "../../src/pieces/monitor/programs.js";
import { machineReport } from "../contracts/support/examples.js";
import { containerId, fakeMachine, freePort, until, runProgram } from "./support/machine.js";

const listening = async (t: ExecutionContext, onClient: (socket: Socket) => void) => {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket.on("error", () => {}));
    onClient(socket);
  });
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  return `127.0.0.1:${(server.address() as { port: number }).port}`;
};

/** Connects as soon as somebody listens there. */
const dial = async (t: ExecutionContext, port: number) => {
  const socket = await until(async () => {
    const each = connect(port, "127.0.0.1").on("error", () => {});
    const isConnected = await Promise.race([
      new Promise((resolve) => each.once("connect", () => resolve(true))),
      new Promise((resolve) => each.once("close", () => resolve(false))),
    ]);
    return isConnected === true ? each : undefined;
  });
  t.teardown(() => socket.destroy());
  let received = "";
  socket.on("data", (chunk: Buffer) => (received += chunk.toString()));
  return { socket, text: () => received };
};

/** The keys of objects, also of those in lists, by their first item. */
const keysOf = (value: unknown): unknown => {
  if (Array.isArray(value)) return [keysOf(value[0])];
  if (typeof value !== "object" || value === null) return typeof value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, keysOf(each)]));
};

const kept = (machine: string, address = "127.0.0.1"): string | undefined => {
  const path = join(machine, "reports", `${address}.json`);
  return existsSync(path) ? readFileSync(path, "utf8") : undefined;
};

test("the manager's own report has the disks, the memory, the CPU, and each container without its page cache", async (t) => {
  const machine = fakeMachine(t);
  runProgram(t, reportProgram(), machine, ["collect", "10.77.0.11"]);
  const text = await until(() => kept(machine, "10.77.0.11"));
  const { disks, ...report } = JSON.parse(text) as { disks: Record<string, unknown>[] };
  t.deepEqual(report, {
    uptime: 3600.25,
    memory: { bytes: 16_384_000 * 1024, availableBytes: 8_192_000 * 1024 },
    cpu: { cores: 2, busyMicroseconds: (100 + 1 + 50 + 2 + 3) * 10_000 },
    load: 0.52,
    containers: [
      {
        id: containerId("a"),
        memory: 700_000_000,
        memoryLimit: 1_073_741_824,
        oomKills: 2,
        processes: 17,
        cpuMicroseconds: 5_000_000,
        periods: 400,
        throttledPeriods: 30,
      },
      {
        id: containerId("b"),
        memory: 1000,
        memoryLimit: null,
        oomKills: 0,
        processes: 1,
        cpuMicroseconds: 0,
        periods: 0,
        throttledPeriods: 0,
      },
    ],
    largestLayers: [{ user: "carol", bytes: 7_000_000_000, files: 1_200_000 }],
    endedServers: [
      {
        at: 1_790_000_000,
        user: "dora",
        container: containerId("d"),
        bytes: 8_000_000_000,
        files: 12,
      },
    ],
  });
  t.deepEqual(
    disks.map(({ path }) => path),
    ["/data/docker"],
  );
  for (const key of ["bytes", "freeBytes"]) t.true(Number(disks[0]?.[key]) > 2 ** 20, key);
  t.deepEqual(keysOf(JSON.parse(text)), keysOf(machineReport));
});

test("a worker sends its lines to the manager alone, and the manager keeps the newest as a file", async (t) => {
  const [worker, manager] = [fakeMachine(t), fakeMachine(t)];
  const endpoint = `127.0.0.1:${await freePort()}`;
  runProgram(t, reportProgram(), worker, ["listen", endpoint, "127.0.0.1"]);
  runProgram(t, reportProgram(), manager, ["collect", "10.77.0.11", endpoint]);
  const text = await until(() => kept(manager));
  t.is((JSON.parse(text) as { uptime: number }).uptime, 3600.25);
  t.deepEqual(readdirSync(join(manager, "reports")).toSorted(), [
    ".keep",
    "10.77.0.11.json",
    "127.0.0.1.json",
  ]);
});

test("a worker closes the connection of a machine that is not the manager", async (t) => {
  const port = await freePort();
  runProgram(t, reportProgram(), fakeMachine(t), ["listen", `127.0.0.1:${port}`, "127.0.0.9"]);
  const { socket, text } = await dial(t, port);
  await once(socket.resume(), "close");
  t.is(text(), "");
});

test("what is sent to a worker is not read, and does not disturb its lines", async (t) => {
  const port = await freePort();
  runProgram(t, reportProgram(), fakeMachine(t), ["listen", `127.0.0.1:${port}`, "127.0.0.1"]);
  const { socket, text } = await dial(t, port);
  socket.write("GET / HTTP/1.0\r\n\r\n".repeat(1000));
  await until(() => (text().split("\n").length > 2 ? true : undefined));
  for (const line of text().split("\n").slice(0, 2)) t.notThrows(() => void JSON.parse(line));
});

test("of a flood of lines the manager takes 64 kB a second, and keeps the newest", async (t) => {
  const manager = fakeMachine(t);
  let sent = 0;
  const endpoint = await listening(t, (socket) => {
    const flood = (): void => {
      while (socket.write(`{"number":${(sent += 1)}}\n`.padStart(100)));
      socket.once("drain", flood);
    };
    flood();
  });
  const program = runProgram(t, reportProgram(), manager, ["collect", "10.77.0.11", endpoint]);
  const seen = new Set<string>();
  await until(() => seen.add(kept(manager) ?? "").size > 4 || undefined);
  t.is(program.exitCode, null);
  t.true(program.cpuSeconds() < 1, `${program.cpuSeconds()} s of CPU`);
});

test("a line of more than 64 kB is dropped, and so is one that never ends; the connection is made again", async (t) => {
  const manager = fakeMachine(t);
  let connections = 0;
  const endpoint = await listening(t, (socket) => {
    connections += 1;
    if (connections === 1) socket.write(`{"long":"${"x".repeat(70_000)}"}\n`);
    else if (connections === 2) socket.write("x".repeat(200_000));
    else socket.write('{"number":3}\n');
  });
  runProgram(t, reportProgram(), manager, ["collect", "10.77.0.11", endpoint]);
  t.is(await until(() => kept(manager)), '{"number":3}\n');
  t.is(connections, 3);
});

test("a connection without a line for 15 s is made again", async (t) => {
  const manager = fakeMachine(t);
  let connections = 0;
  const endpoint = await listening(t, () => (connections += 1));
  runProgram(t, reportProgram(), manager, ["collect", "10.77.0.11", endpoint]);
  await until(() => connections > 1 || undefined);
  t.is(kept(manager), undefined);
});

test("a worker that is not there does not disturb the other reports", async (t) => {
  const manager = fakeMachine(t);
  const endpoint = await listening(t, (socket) => void socket.write('{"number":1}\n'));
  const nobody = `127.0.0.2:${await freePort()}`;
  runProgram(t, reportProgram(), manager, ["collect", "10.77.0.11", nobody, endpoint]);
  t.is(await until(() => kept(manager)), '{"number":1}\n');
  t.is(kept(manager, "127.0.0.2"), undefined);
});
