import { appendFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { announce } from "../../src/commands/announce.js";
import { close } from "../../src/commands/close.js";
import { down } from "../../src/commands/down.js";
import { open } from "../../src/commands/open.js";
import { reopen } from "../../src/commands/reopen.js";
import { room } from "../../src/commands/room.js";
import { up } from "../../src/commands/up.js";
import { warm } from "../../src/commands/warm.js";
import { type UserError, exitCode } from "../../src/errors.js";
import type { Terminal } from "../../src/report/terminal.js";
import { fakeReport } from "../support/fakes.js";
import { type Sshd, hasSshd, startSshd } from "../support/sshd.js";

const it = hasSshd() ? test.serial : test.serial.skip;
let sshd: Sshd | undefined;
let config: string;

// The manager is this machine behind a real sshd; nothing listens at the worker's port.
test.before(async () => {
  if (!hasSshd()) return;
  sshd = await startSshd();
  const key = join(sshd.folder, "id");
  await appendFile(
    sshd.configFile,
    `Host gone\n  HostName 127.0.0.1\n  Port 9\n  IdentityFile ${key}\n  IdentityAgent none\n`,
  );
  config = join(sshd.folder, "swarmhub.yaml");
  await writeFile(config, "name: lost\nmanager: box\nworkers: [gone]\nstorage: temporary\n");
});
test.after.always(() => sshd?.close());

/** What a command prints and warns of, and its error. */
const run = async (
  command: (options: never, terminal: Terminal, signal: AbortSignal) => Promise<void>,
  more: object = {},
) => {
  const printed: string[] = [];
  const report = fakeReport();
  const terminal = {
    report,
    screen: undefined,
    print: (text: string) => void printed.push(text),
    fail: () => {},
    ask: async () => undefined,
    close: () => {},
  } satisfies Terminal;
  const options = {
    config,
    sshConfig: sshd?.configFile,
    acceptNewHostKeys: true,
    jobs: 16,
    json: false,
    ...more,
  };
  const error = await command(options as never, terminal, new AbortController().signal).then(
    () => undefined,
    (each: unknown) => each as UserError,
  );
  return { output: printed.join("\n"), events: report.events, error };
};
const reason = /cannot be reached: 127\.0\.0\.1 port 9 refused the connection/;

it("`open` needs the manager only, and warns", async (t) => {
  const { output, error, events } = await run(open, { passwords: false });
  t.is(error, undefined);
  t.regex(output, /^https:\/\//);
  t.regex(JSON.stringify(events), reason);
});

it("what is done in a lesson needs no worker: the hub is asked", async (t) => {
  const all = [
    run(room, { once: true, metricsToken: false }),
    run(announce, { text: "We continue.", withdraw: false }),
    run(close),
    run(reopen),
    run(warm, { cancel: false }),
  ];
  for (const { error } of await Promise.all(all)) {
    // There is no hub behind this sshd.
    t.not(error?.code, exitCode.unreachable, error?.message);
    t.notRegex(error?.message ?? "", reason);
  }
});

it("`down` without a terminal says how to go on without it", async (t) => {
  const { error } = await run(down, {
    deleteHomes: false,
    deleteCertificates: false,
    yes: false,
    breakLock: false,
  });
  t.is(error?.code, exitCode.unreachable);
  t.regex(error?.message ?? "", reason);
  t.regex(error?.hint ?? "", /`swarmhub down --yes`/);
});

it("the error of a command that changes machines names `leave --gone`", async (t) => {
  const { error } = await run(up, { yes: false, breakLock: false });
  t.is(error?.code, exitCode.unreachable);
  t.regex(error?.hint ?? "", /ssh gone\nif the machine is dead: `swarmhub leave --gone gone`$/);
});
