import { mkdtemp, rm } from "node:fs/promises";
import { type Server, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough, Writable } from "node:stream";
import { buffer, text } from "node:stream/consumers";
import test, { type ExecutionContext } from "ava";
import { quoteAll } from "../../src/text/shell.js";
import { localTransport } from "../../src/transport/local.js";
import { sshTransport } from "../../src/transport/ssh.js";
import { systemTransport } from "../../src/transport/system.js";
import type { Transport } from "../../src/transport/transport.js";
import { waitUntil } from "../../src/wait.js";
import { type Sshd, hasSshd, startSshd } from "../support/sshd.js";

let folder: string;
let echo: Server;
let sshd: Sshd | undefined;

const open = {
  local: async () => localTransport(),
  ssh: async () => sshTransport("box", dialOptions()),
  system: async () => systemTransport("box", dialOptions()),
};

type Kind = keyof typeof open;

const dialOptions = () => ({
  sshConfigFile: sshd!.configFile,
  acceptNewHostKeys: true,
  timeoutMs: 10_000,
});

test.before(async () => {
  folder = await mkdtemp(join(tmpdir(), "swarmhub-transport-"));
  echo = createServer({ allowHalfOpen: true }, (socket) => socket.pipe(socket));
  await new Promise<void>((listening) => echo.listen(join(folder, "echo"), listening));
  if (hasSshd()) sshd = await startSshd();
});

test.after.always(async () => {
  echo?.close();
  await sshd?.close();
  await rm(folder, { recursive: true, force: true });
});

type Row = {
  title: string;
  run: (t: ExecutionContext, transport: Transport, kind: Kind) => Promise<void>;
};

const comesTrue = (condition: () => Promise<boolean>, what: string) =>
  waitUntil(async () => ((await condition()) ? true : undefined), {
    deadline: 60_000,
    every: 20,
    otherwise: () => new Error(`not within 60 s: ${what}`),
  });

const fiveMegabytes = Buffer.alloc(5_000_000, "0123456789abcdef\n");

const rows: Row[] = [
  {
    title: "a non-zero exit is an answer, not an error",
    run: async (t, transport) => {
      const output = await transport.exec("exit 42");
      t.deepEqual(output, { code: 42, stdout: "", stderr: "" });
    },
  },
  {
    title: "stdout and stderr are kept apart",
    run: async (t, transport) => {
      const output = await transport.exec("echo out; echo err >&2; echo out again");
      t.deepEqual(output, { code: 0, stdout: "out\nout again\n", stderr: "err\n" });
    },
  },
  {
    title: "a missing command exits with 127",
    run: async (t, transport) => {
      t.is((await transport.exec("swarmhub-no-such-command")).code, 127);
    },
  },
  {
    title: "a command killed by a signal has the shell's exit code for it",
    run: async (t, transport) => {
      t.is((await transport.exec("kill -9 $$")).code, 137);
      t.is((await transport.exec("kill -TERM $$")).code, 143);
    },
  },
  {
    title: "without input, stdin ends at once",
    run: async (t, transport) => {
      t.deepEqual(await transport.exec("cat", { timeout: 60_000 }), {
        code: 0,
        stdout: "",
        stderr: "",
      });
    },
  },
  {
    title: "stdin stays open until it is stopped, with the input before that",
    run: async (t, transport) => {
      const stop = new AbortController();
      const lines: string[] = [];
      const running = transport.exec("while read -r line; do echo got $line; done; echo ended", {
        input: "one\n",
        stop: stop.signal,
        onLine: (line) => lines.push(line),
        timeout: 60_000,
      });
      await comesTrue(async () => lines.length > 0, "the first line");
      await transport.exec("true");
      t.deepEqual(lines, ["got one"]);
      stop.abort();
      t.like(await running, { code: 0, stdout: "got one\nended\n" });
      t.like(await transport.exec("cat", { stop: stop.signal }), { code: 0, stdout: "" });
    },
  },
  {
    title: "a command that ends by itself does not wait for the end of its stdin",
    run: async (t, transport) => {
      const { signal } = new AbortController();
      t.is((await transport.exec("exit 3", { stop: signal, timeout: 60_000 })).code, 3);
    },
  },
  {
    title: "5 MB go in and come back unchanged",
    run: async (t, transport) => {
      const output = await transport.exec("cat", { input: fiveMegabytes, timeout: 60_000 });
      t.is(output.code, 0);
      t.true(output.stdout === fiveMegabytes.toString());
    },
  },
  {
    title: "bytes that are not text arrive unchanged",
    run: async (t, transport) => {
      const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
      const output = await transport.exec("od -An -v -tu1 | tr -s ' \\n' ' '", { input: bytes });
      t.is(output.stdout.trim(), [...bytes].join(" "));
    },
  },
  {
    title: "a stream receives stdout byte for byte and stays open, and stderr is still returned",
    run: async (t, transport) => {
      const into = new PassThrough();
      const taken = buffer(into);
      const output = await transport.exec(
        "i=0; while [ $i -lt 40 ]; do head -c 50000 /dev/zero | tr '\\0' '\\377'; i=$((i + 1)); done; echo warning >&2; exit 1",
        { into },
      );
      t.deepEqual(output, { code: 1, stdout: "", stderr: "warning\n" });
      t.true(into.writable);
      into.end();
      t.true((await taken).equals(Buffer.alloc(2_000_000, 255)));
    },
  },
  {
    title: "a slow stream slows the command down",
    run: async (t, transport, kind) => {
      const mark = join(folder, `written-${kind}`);
      let openGate = (): void => {};
      const gate = new Promise<void>((opened) => (openGate = opened));
      let taken = 0;
      const into = new Writable({
        write: (chunk: Buffer, _encoding, done) => {
          taken += chunk.length;
          void gate.then(() => done());
        },
      });
      const running = transport.exec(`head -c 30000000 /dev/zero; touch ${mark}`, { into });
      await comesTrue(async () => taken > 0, "the first bytes");
      // A second command, answered meanwhile, shows that there was time to run ahead.
      t.is((await transport.exec(`sleep 0.3; test -e ${mark}`)).code, 1);
      openGate();
      await running;
      t.is(taken, 30_000_000);
    },
  },
  {
    title: "a stream that fails ends the command with its reason",
    run: async (t, transport, kind) => {
      const mark = join(folder, `full-${kind}`);
      const into = new Writable({
        write: (_chunk, _encoding, done) => done(new Error("no space left")),
      });
      const error = await t.throwsAsync(
        transport.exec(`echo $$ >${mark}; while head -c 1000000 /dev/zero; do :; done`, { into }),
      );
      t.is(error.message, "no space left");
      const isGone = async () =>
        (await transport.exec(`kill -0 $(cat ${mark}) 2>/dev/null`)).code !== 0;
      await comesTrue(isGone, "the process is gone");
      t.is((await transport.exec("exit 3")).code, 3);
    },
  },
  {
    title: "a command that does not read its input still ends",
    run: async (t, transport) => {
      const output = await transport.exec("echo done", { input: fiveMegabytes, timeout: 60_000 });
      t.deepEqual(output, { code: 0, stdout: "done\n", stderr: "" });
    },
  },
  {
    title: "characters of several bytes are not split",
    run: async (t, transport) => {
      const word = "żółć 🐙 ";
      const output = await transport.exec("cat", { input: word.repeat(50_000) });
      t.true(output.stdout === word.repeat(50_000));
    },
  },
  {
    title: "hostile words are passed unchanged",
    run: async (t, transport) => {
      const words = [
        "a b",
        "it's",
        '"',
        "$HOME",
        "`id`",
        "$(id)",
        "\\",
        "a\nb",
        "*",
        "!!",
        "",
        "-n",
      ];
      const output = await transport.exec(quoteAll(["printf", "%s\\0", ...words]));
      t.deepEqual(output.stdout.split("\0").slice(0, -1), words);
    },
  },
  {
    title: "a deadline ends the command and is reported",
    run: async (t, transport, kind) => {
      const mark = join(folder, `pid-${kind}`);
      const started = Date.now();
      const error = await t.throwsAsync(
        transport.exec(`echo $$ >${mark}; sleep 30 & sleep 30`, { timeout: 300 }),
      );
      t.regex(error.message, /timed out after 0.3 s/);
      t.true(Date.now() - started < 20_000);
      const isGone = async () =>
        (await transport.exec(`kill -0 $(cat ${mark}) 2>/dev/null`)).code !== 0;
      await comesTrue(isGone, "the process is gone");
    },
  },
  {
    title: "each line is shown as it comes, also a last one without a newline",
    run: async (t, transport, kind) => {
      const lines: string[] = [];
      const gate = join(folder, `gate-${kind}`);
      const running = transport.exec(
        `echo one; echo two >&2; while ! [ -e ${gate} ]; do sleep 0.05; done; printf 'three\\r\\nfour'`,
        { onLine: (line) => lines.push(line), timeout: 60_000 },
      );
      await comesTrue(async () => lines.length === 2, "two lines are shown");
      t.deepEqual(lines.toSorted(), ["one", "two"]);
      await transport.exec(`touch ${gate}`);
      await running;
      t.deepEqual(lines.slice(2), ["three", "four"]);
    },
  },
  {
    title: "30 commands at the same time all answer",
    run: async (t, transport) => {
      const numbers = Array.from({ length: 30 }, (_, index) => index);
      const outputs = await Promise.all(
        numbers.map((number) => transport.exec(`sleep 0.02; echo ${number}; exit ${number}`)),
      );
      t.deepEqual(
        outputs,
        numbers.map((number) => ({ code: number, stdout: `${number}\n`, stderr: "" })),
      );
    },
  },
  {
    title: "a quick command's exit is never lost",
    run: async (t, transport) => {
      for (let time = 0; time < 20; time += 1) t.is((await transport.exec("exit 7")).code, 7);
    },
  },
  {
    title: "a unix socket carries bytes both ways and can be half-closed",
    run: async (t, transport) => {
      const socket = await transport.socket(join(folder, "echo"));
      socket.end(fiveMegabytes);
      t.true((await buffer(socket)).equals(fiveMegabytes));
    },
  },
  {
    title: "a missing unix socket has its own error",
    run: async (t, transport) => {
      const error = await t.throwsAsync(transport.socket(join(folder, "nothing")));
      t.is(error.name, "NoSocketError");
      t.regex(error.message, /^(local|box): nothing listens at .*nothing$/);
    },
  },
  {
    title: "closing ends running commands, and nothing starts after it",
    run: async (t, _, kind) => {
      const transport = await open[kind]();
      t.teardown(() => transport.close());
      const running = transport.exec("sleep 30");
      const socket = await transport.socket(join(folder, "echo"));
      const ended = text(socket).catch(() => "");
      await Promise.all([transport.close(), t.throwsAsync(running, { name: "UnreachableError" })]);
      t.is(await ended, "");
      await t.throwsAsync(transport.exec("true"), { name: "UnreachableError" });
      await t.notThrowsAsync(transport.close());
    },
  },
];

for (const kind of ["local", "ssh", "system"] as const) {
  let transport: Promise<Transport> | undefined;
  const register = kind !== "local" && !hasSshd() ? test.skip : test;
  for (const { title, run } of rows)
    register(`${kind}: ${title}`, async (t) => {
      transport ??= open[kind]();
      await run(t, await transport, kind);
    });
  test.after.always(`${kind}: close`, async () => (await transport)?.close());
}

if (!hasSshd())
  test("ssh: left out, this machine has no /usr/sbin/sshd (apt-get install openssh-server)", (t) => {
    t.pass();
  });
