import { PassThrough } from "node:stream";
import test from "ava";
import { CommandError, UserError } from "../../src/errors.js";
import { type Surroundings, createTerminal, outliveReaders } from "../../src/report/terminal.js";

const surroundings = (env: Surroundings["env"] = {}, isTTY = false) => {
  const streams = {
    stdin: Object.assign(new PassThrough(), { isTTY }),
    stdout: Object.assign(new PassThrough(), { isTTY }),
    stderr: Object.assign(new PassThrough(), { isTTY, columns: 60, rows: 20 }),
  };
  const text = (stream: PassThrough): string => String((stream.read() as Buffer | null) ?? "");
  return {
    ...streams,
    env,
    out: () => text(streams.stdout),
    talk: () => text(streams.stderr),
  };
};

const live = /\u001b\[\?25l/;

const begun = (env: Surroundings["env"], isTTY: boolean, json = false) => {
  const around = surroundings(env, isTTY);
  const terminal = createTerminal(around, { json });
  terminal.report.event({ type: "survey", hosts: 1 });
  terminal.close();
  return { out: around.out(), talk: around.talk() };
};

test("a terminal gets the live tree; a pipe, CI and a dumb terminal get lines", (t) => {
  t.regex(begun({}, true).talk, live);
  t.is(begun({}, false).talk, "looking at 1 host\n");
  t.is(begun({ CI: "true" }, true).talk, "looking at 1 host\n");
  t.is(begun({ TERM: "dumb" }, true).talk, "looking at 1 host\n");
  t.is(begun({}, true).out, "", "talk is not on stdout");
});

test("--json is lines on stdout and nothing else there, also on a terminal", (t) => {
  const { out, talk } = begun({}, true, true);
  t.like(JSON.parse(out), { type: "survey", hosts: 1 });
  t.is(talk, "");
});

test("NO_COLOR takes the colour away, and a locale without UTF-8 the signs", (t) => {
  t.regex(begun({}, true).talk, /\u001b\[36m [\u2800-\u28ff] /);
  t.regex(begun({ NO_COLOR: "1" }, true).talk, /K [\u2800-\u28ff] looking/);
  t.regex(begun({ NO_COLOR: "1", LANG: "C" }, true).talk, /K [|/\\-] looking/);
  t.regex(begun({ NO_COLOR: "1", TERM: "linux" }, true).talk, /K [|/\\-] looking/);
});

test("an error says what is wrong, and then what to do", (t) => {
  const around = surroundings();
  createTerminal(around).fail(new UserError("node1: no sudo\n  at all", { hint: "ask the admin" }));
  t.is(around.talk(), "\nerror: node1: no sudo\n  at all\n  → ask the admin\n");
});

test("what a machine said can do nothing to the terminal, in an error neither", (t) => {
  const around = surroundings();
  const output = { code: 1, stdout: "", stderr: "\u001b[2Jgone\u0000\nsecond" };
  createTerminal(around).fail(new CommandError("node1", "`mkfs`", output));
  t.is(around.talk(), "\nerror: node1: `mkfs`: exit code 1:\n  gone\n  second\n");
});

test("a mistake of ours is no stack trace, unless --debug asks for it", (t) => {
  const around = surroundings();
  createTerminal(around).fail(new TypeError("x is undefined"));
  const said = around.talk();
  t.regex(said, /error: x is undefined\n.*mistake in swarmhub.*--debug/);
  t.notRegex(said, /at .*\.ts/);
  createTerminal(around, { debug: true }).fail(new TypeError("x is undefined"));
  t.regex(around.talk(), /TypeError: x is undefined\n +at /);
});

test("with --json an error is a line as well", (t) => {
  const around = surroundings();
  createTerminal(around, { json: true }).fail(
    new UserError("node1: lost", { hint: "see the cable", code: 5 }),
  );
  t.deepEqual(JSON.parse(around.out()), {
    type: "error",
    error: "node1: lost",
    hint: "see the cable",
    code: 5,
  });
});

test("with --json a result that ends in an error, as drift does, stays one document", (t) => {
  const around = surroundings();
  const terminal = createTerminal(around, { json: true });
  terminal.print('{"pieces": []}');
  terminal.fail(
    new UserError("1 of 9 pieces is not as wanted", { hint: "`swarmhub up`", code: 6 }),
  );
  t.deepEqual(JSON.parse(around.out()), { pieces: [] });
  t.regex(around.talk(), /1 of 9 pieces/);
});

test("a question is asked on stderr, and nobody is asked where nobody is", async (t) => {
  t.is(await createTerminal(surroundings()).ask("Sure? "), undefined);
  const around = surroundings({}, true);
  const answer = createTerminal(around).ask("Sure? ");
  around.stdin.write("yes\n");
  t.is(await answer, "yes");
  t.regex(around.talk(), /Sure\? /);
  t.is(around.out(), "");
});

test("a question whose input ends has no answer", async (t) => {
  const around = surroundings({}, true);
  const answer = createTerminal(around).ask("Sure? ");
  around.stdin.end();
  t.is(await answer, undefined);
});

test("a result is a line on stdout, also while the tree is live", (t) => {
  const around = surroundings({}, true);
  const terminal = createTerminal(around);
  terminal.report.event({ type: "survey", hosts: 1 });
  terminal.print("https://geo.example.org");
  terminal.close();
  t.is(around.out(), "https://geo.example.org\n");
});

test("a reader that went away (`swarmhub status | head`) stops nothing", (t) => {
  const around = surroundings();
  outliveReaders([around.stdout]);
  const gone = Object.assign(new Error("write EPIPE"), { code: "EPIPE" });
  t.notThrows(() => around.stdout.emit("error", gone));
  t.throws(() => around.stdout.emit("error", new Error("disk full")), { message: "disk full" });
});
