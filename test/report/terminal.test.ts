import { PassThrough } from "node:stream";
import test from "ava";
import { CommandError, UserError, exitCode } from "../../src/errors.js";
import {
  type ProcessStreams,
  createTerminal,
  ignoreClosedPipes,
} from "../../src/report/terminal.js";

const fakeProcess = (env: ProcessStreams["env"] = {}, isTTY = false) => {
  const streams = {
    stdin: Object.assign(new PassThrough(), { isTTY }),
    stdout: Object.assign(new PassThrough(), { isTTY }),
    stderr: Object.assign(new PassThrough(), { isTTY, columns: 60, rows: 20 }),
  };
  const text = (stream: PassThrough): string => String((stream.read() as Buffer | null) ?? "");
  return {
    ...streams,
    env,
    stdoutText: () => text(streams.stdout),
    stderrText: () => text(streams.stderr),
  };
};

const live = /\u001b\[\?25l/;

const afterSurvey = (env: ProcessStreams["env"], isTTY: boolean, json = false) => {
  const fake = fakeProcess(env, isTTY);
  const terminal = createTerminal(fake, { json });
  terminal.report.event({ type: "survey", hosts: 1 });
  terminal.close();
  return { stdoutText: fake.stdoutText(), stderrText: fake.stderrText() };
};

test("a terminal gets the live tree; a pipe, CI and a dumb terminal get lines", (t) => {
  t.regex(afterSurvey({}, true).stderrText, live);
  t.is(afterSurvey({}, false).stderrText, "inspecting 1 machine\n");
  t.is(afterSurvey({ CI: "true" }, true).stderrText, "inspecting 1 machine\n");
  t.is(afterSurvey({ TERM: "dumb" }, true).stderrText, "inspecting 1 machine\n");
  t.is(afterSurvey({}, true).stdoutText, "", "events are not on stdout");
});

test("--json prints only lines of JSON on stdout, also on a terminal", (t) => {
  const { stdoutText, stderrText } = afterSurvey({}, true, true);
  t.like(JSON.parse(stdoutText), { type: "survey", hosts: 1 });
  t.is(stderrText, "");
});

test("NO_COLOR removes the colours, and a locale without UTF-8 the Unicode signs", (t) => {
  t.regex(afterSurvey({}, true).stderrText, /\u001b\[36m [\u2800-\u28ff] /);
  t.regex(afterSurvey({ NO_COLOR: "1" }, true).stderrText, /K [\u2800-\u28ff] inspecting/);
  t.regex(afterSurvey({ NO_COLOR: "1", LANG: "C" }, true).stderrText, /K [|/\\-] inspecting/);
  t.regex(afterSurvey({ NO_COLOR: "1", TERM: "linux" }, true).stderrText, /K [|/\\-] inspecting/);
});

test("an error shows its reason, and then its hint", (t) => {
  const fake = fakeProcess();
  createTerminal(fake).fail(new UserError("node1: no sudo\n  at all", { hint: "ask the admin" }));
  t.is(fake.stderrText(), "\nerror: node1: no sudo\n  at all\n  → ask the admin\n");
});

test("control characters from a machine have no effect on the terminal, also in an error", (t) => {
  const fake = fakeProcess();
  const output = { code: 1, stdout: "", stderr: "\u001b[2Jgone\u0000\nsecond" };
  createTerminal(fake).fail(new CommandError("node1", "`mkfs`", output));
  t.is(fake.stderrText(), "\nerror: node1: `mkfs`: exit code 1:\n  gone\n  second\n");
});

test("a bug shows no stack trace, unless --debug asks for it", (t) => {
  const fake = fakeProcess();
  createTerminal(fake).fail(new TypeError("x is undefined"));
  const text = fake.stderrText();
  t.regex(text, /error: x is undefined\n.*bug in swarmhub.*--debug/);
  t.notRegex(text, /at .*\.ts/);
  createTerminal(fake, { debug: true }).fail(new TypeError("x is undefined"));
  t.regex(fake.stderrText(), /TypeError: x is undefined\n +at /);
});

test("with --json an error is a line as well", (t) => {
  const fake = fakeProcess();
  createTerminal(fake, { json: true }).fail(
    new UserError("node1: lost", { hint: "see the cable", code: 5 }),
  );
  t.deepEqual(JSON.parse(fake.stdoutText()), {
    type: "error",
    error: "node1: lost",
    hint: "see the cable",
    code: 5,
  });
});

test("with --json a result that ends in an error, as drift does, stays one document", (t) => {
  const fake = fakeProcess();
  const terminal = createTerminal(fake, { json: true });
  terminal.print('{"pieces": []}');
  terminal.fail(new UserError("1 of 9 parts differs", { hint: "`swarmhub up`", code: 6 }));
  t.deepEqual(JSON.parse(fake.stdoutText()), { pieces: [] });
  t.regex(fake.stderrText(), /1 of 9 parts differs/);
});

test("a question is asked on stderr, and not at all without a terminal", async (t) => {
  t.is(await createTerminal(fakeProcess()).ask("Sure? "), undefined);
  const fake = fakeProcess({}, true);
  const answer = createTerminal(fake).ask("Sure? ");
  fake.stdin.write("yes\n");
  t.is(await answer, "yes");
  t.regex(fake.stderrText(), /Sure\? /);
  t.is(fake.stdoutText(), "");
});

test("a question whose input ends has no answer", async (t) => {
  const fake = fakeProcess({}, true);
  const answer = createTerminal(fake).ask("Sure? ");
  fake.stdin.end();
  t.is(await answer, undefined);
});

test("a result is a line on stdout, also while the tree is live", (t) => {
  const fake = fakeProcess({}, true);
  const terminal = createTerminal(fake);
  terminal.report.event({ type: "survey", hosts: 1 });
  terminal.print("https://geo.example.org");
  terminal.close();
  t.is(fake.stdoutText(), "https://geo.example.org\n");
});

test("a reader that has gone (`swarmhub status | head`) stops nothing", (t) => {
  const fake = fakeProcess();
  ignoreClosedPipes([fake.stdout]);
  const gone = Object.assign(new Error("write EPIPE"), { code: "EPIPE" });
  t.notThrows(() => fake.stdout.emit("error", gone));
  t.throws(() => fake.stdout.emit("error", new Error("disk full")), { message: "disk full" });
});

test("Ctrl-C at a question ends the command with 130, as at any other moment", async (t) => {
  const fake = fakeProcess({}, true);
  const answer = createTerminal(fake).ask("Name? ");
  fake.stdin.write("geo\u0003");
  const error = await t.throwsAsync(answer, { instanceOf: UserError });
  t.is(error.message, "interrupted");
  t.is(error.code, exitCode.interrupted);
});
