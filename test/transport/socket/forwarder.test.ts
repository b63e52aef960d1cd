import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { connect, createServer } from "node:net";
import { dirname, join } from "node:path";
import { Duplex } from "node:stream";
import { text } from "node:stream/consumers";
import test, { type ExecutionContext } from "ava";
import { startSocketForwarder } from "../../../src/transport/socket/forwarder.js";
import { NoSocketError } from "../../../src/transport/socket/types.js";
import { waitUntil } from "../../../src/wait.js";
import { temporaryFolder } from "../../support/temporary-folder.js";

const direct = (path: string): Promise<Duplex> =>
  new Promise((resolve, reject) => {
    const socket = connect({ path, allowHalfOpen: true });
    socket.once("connect", () => resolve(socket));
    socket.once("error", ({ message }) => reject(new NoSocketError(message)));
  });

/** The program ends with its stdin, at the end of the test at the latest. */
const holdFor =
  (t: ExecutionContext) =>
  async (command: string): Promise<Duplex> => {
    const { stdin, stdout } = spawn("sh", ["-c", command], { stdio: ["pipe", "pipe", "inherit"] });
    t.teardown(() => void stdin.destroy());
    return Duplex.from({ writable: stdin, readable: stdout });
  };

test("a forwarder carries bytes both ways for many clients, and ends with the stream that started it", async (t) => {
  const echo = createServer({ allowHalfOpen: true }, (socket) => socket.pipe(socket));
  const path = join(temporaryFolder(), "echo");
  await new Promise<void>((listening) => echo.listen(path, listening));
  t.teardown(() => void echo.close());

  let holder: Duplex | undefined;
  const holding = async (command: string) => (holder = await holdFor(t)(command));
  const forwarder = await startSocketForwarder({ hold: holding }, path, "");
  t.truthy(forwarder);
  const words = ["one", "two", "x".repeat(1_000_000)];
  const answers = await Promise.all(
    words.map(async (word) => {
      const socket = await direct(forwarder ?? "");
      socket.end(word);
      return text(socket);
    }),
  );
  t.true(answers.every((answer, index) => answer === words[index]));

  holder?.end();
  await waitUntil(async () => (existsSync(dirname(forwarder ?? "/")) ? undefined : true), {
    deadline: 60_000,
    otherwise: () => new Error("the forwarder is still there"),
  });
  t.pass();
});

test("no forwarder starts for a missing socket, nor for a login that may use the socket", async (t) => {
  const hold = holdFor(t);
  t.is(await startSocketForwarder({ hold }, "/nowhere", ""), undefined);
  t.is(await startSocketForwarder({ hold }, "/dev/null", "sudo-is-not-asked-for "), undefined);
});
