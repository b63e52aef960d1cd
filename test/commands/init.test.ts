import { readFile, readdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import test from "ava";
import { init } from "../../src/commands/init.js";
import type { InitIo } from "../../src/commands/init/answers.js";
import { loadConfig } from "../../src/config/load.js";
import { exitCode } from "../../src/errors.js";
import { temporaryFolder } from "../support/temporary-folder.js";

const freshPath = (): string => join(temporaryFolder(), "swarmhub.yaml");

type FakeTerminal = InitIo & { questions: string[]; lines: string[] };

const answering = (...answers: string[]): FakeTerminal => {
  const [questions, lines]: [string[], string[]] = [[], []];
  const ask = (question: string): Promise<string | undefined> => {
    questions.push(question);
    return Promise.resolve(answers[questions.length - 1]);
  };
  return { ask, write: (line) => void lines.push(line), questions, lines };
};

test("three answers are enough for a configuration", async (t) => {
  const config = freshPath();
  const terminal = answering("debian@203.0.113.10", "debian@203.0.113.11, w2", "/dev/vdb");
  await init({ config, name: "geo-101" }, terminal);
  const written = await loadConfig(config);
  t.is(terminal.questions.length, 3);
  t.is(written.name, "geo-101");
  t.deepEqual(written.manager, { destination: "debian@203.0.113.10" });
  t.deepEqual(written.workers, [{ destination: "debian@203.0.113.11" }, { destination: "w2" }]);
  t.like(written.storage, { kind: "persistent", backing: { kind: "device", path: "/dev/vdb" } });
});

test("three times Enter makes a class of this machine, with ten homes in its file", async (t) => {
  const config = freshPath();
  await init({ config }, answering("", " ", ""));
  const { manager, workers, storage } = await loadConfig(config);
  t.deepEqual([manager, workers], [{ destination: "local" }, []]);
  t.like(storage, {
    backing: { kind: "file", size: 20 * 2 ** 30 },
    quota: { default: 2 * 2 ** 30 },
  } as never);
});

test("with enough flags there are no questions", async (t) => {
  const config = freshPath();
  const terminal = answering();
  await init(
    { config, manager: "m", worker: ["w"], file: "1G", domain: "geo.example.org" },
    terminal,
  );
  const written = await loadConfig(config);
  t.deepEqual(terminal.questions, []);
  t.is(written.name, "geo");
  t.is(written.domain, "geo.example.org");
  t.like(written.storage, { quota: { default: 102 * 2 ** 20 } } as never);
});

test("with a domain the file has the line for Let's Encrypt as a comment, or active with --letsencrypt", async (t) => {
  const basic = { manager: "local", device: "/dev/vdb", domain: "geo.example.org" };
  const offered = freshPath();
  await init({ config: offered, ...basic }, answering());
  const text = await readFile(offered, "utf8");
  t.regex(text, /^# tls: \{letsencrypt: /m);
  t.is((await loadConfig(offered)).tls.kind, "self-signed");
  await writeFile(offered, text.replace(/^# (tls: )/m, "$1"));
  t.is((await loadConfig(offered)).tls.kind, "acme");
  const asked = freshPath();
  await init({ config: asked, ...basic, letsencrypt: "ada@example.org" }, answering());
  t.like((await loadConfig(asked)).tls, { authority: "Let's Encrypt", email: "ada@example.org" });
});

test("--letsencrypt without --domain or without an e-mail address is refused before any question", async (t) => {
  const config = freshPath();
  const flags = { config, manager: "local", device: "/dev/vdb" };
  for (const [more, expected] of [
    [{ letsencrypt: "ada@example.org" }, /--letsencrypt needs --domain/],
    [
      { letsencrypt: "ada", domain: "geo.example.org" },
      /--letsencrypt is "ada": expected an e-mail address/,
    ],
  ] as const)
    await t.throwsAsync(init({ ...flags, ...more }, answering()), { message: expected });
});

test("--manager and --device are enough flags", async (t) => {
  const config = freshPath();
  await init({ config, manager: "local", device: "/dev/vdb" }, answering());
  t.deepEqual((await loadConfig(config)).workers, []);
});

test("the file is commented and short", async (t) => {
  const config = freshPath();
  await init({ config, manager: "local", device: "/dev/vdb" }, answering());
  const lines = (await readFile(config, "utf8")).split("\n");
  t.true(lines.length < 35);
  t.true(lines.filter((line) => line.startsWith("#")).length >= 4);
});

test("a name that YAML would read as another type is quoted", async (t) => {
  for (const name of ["null", "123", "true", "1e3", "0x1f"]) {
    const config = freshPath();
    await init({ config, name, manager: "m", device: "/dev/vdb" }, answering());
    const written = await loadConfig(config);
    t.is(written.name, name);
  }
});

test("init prints the next commands", async (t) => {
  const config = freshPath();
  const terminal = answering();
  await init({ config, manager: "local", device: "/dev/vdb" }, terminal);
  t.true(terminal.lines.some((line) => line.includes(`swarmhub up --config ${config}`)));
});

test("an invalid answer has a complaint, and the question comes again", async (t) => {
  const config = freshPath();
  const terminal = answering("-x", "local", "", "40", "/dev/vd b", "40G");
  await init({ config }, terminal);
  t.is(terminal.questions.length, 6);
  t.is(terminal.lines.filter((line) => line.startsWith("The answer is ")).length, 3);
});

test("after five invalid answers init stops and writes nothing", async (t) => {
  const config = freshPath();
  await t.throwsAsync(init({ config }, answering("-", "-", "-", "-", "-")), {
    message: /no valid answer/,
  });
  t.deepEqual(await readdir(dirname(config)), []);
});

test("without a terminal the error names the flags", async (t) => {
  const config = freshPath();
  const error = await t.throwsAsync(init({ config, manager: "local" }, answering()));
  t.is(error?.message, "no terminal: pass --manager and --device or --file");
  t.like(error, { code: exitCode.usage });
});

test("an existing file is never overwritten, and there are no questions", async (t) => {
  const config = freshPath();
  await writeFile(config, "mine");
  const terminal = answering("local", "", "");
  await t.throwsAsync(init({ config }, terminal), { message: /already exists/ });
  t.deepEqual(terminal.questions, []);
  t.is(await readFile(config, "utf8"), "mine");
});

test("a file that appears during the questions is not overwritten", async (t) => {
  const config = freshPath();
  const terminal = answering("local", "", "");
  const ask = async (question: string): Promise<string | undefined> => {
    await writeFile(config, "mine");
    return terminal.ask(question);
  };
  await t.throwsAsync(init({ config }, { ...terminal, ask }), { message: /already exists/ });
  t.is(await readFile(config, "utf8"), "mine");
});

test("all invalid flags are named at once", async (t) => {
  const config = freshPath();
  const flags = {
    name: "Geo",
    domain: "x",
    manager: "-x",
    worker: ["a b"],
    device: "vdb",
    file: "1M",
  };
  const error = await t.throwsAsync(init({ config, ...flags }, answering()));
  for (const flag of [
    "--name",
    "--domain",
    "--manager",
    "--worker",
    "--device",
    "--file",
    "--device and --file",
  ])
    t.true(
      error?.message.split("\n").some((line) => line.startsWith(`${flag} `)),
      flag,
    );
  t.deepEqual(await readdir(dirname(config)), []);
});

test("answers that conflict with each other leave no file", async (t) => {
  const config = freshPath();
  await t.throwsAsync(
    init({ config, manager: "a", worker: ["b@a"], device: "/dev/vdb" }, answering()),
    {
      message:
        /conflict with each other.*\n {2}item 1 of "workers" is b@a, the same machine as "manager"/,
    },
  );
  t.deepEqual(await readdir(dirname(config)), []);
});

test("a missing folder is reported", async (t) => {
  const config = "/nowhere/swarmhub.yaml";
  await t.throwsAsync(init({ config, manager: "local", device: "/dev/vdb" }, answering()), {
    message: "/nowhere/swarmhub.yaml cannot be written: its folder does not exist",
  });
});
