import { mkdtemp, readFile, readdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import test from "ava";
import { init } from "../../src/commands/init.js";
import type { InitIo } from "../../src/commands/init/answers.js";
import { loadConfig } from "../../src/config/load.js";
import { exitCode } from "../../src/errors.js";

const freshPath = async (): Promise<string> =>
  join(await mkdtemp(join(tmpdir(), "swarmhub-init-")), "swarmhub.yaml");

type Talk = InitIo & { questions: string[]; lines: string[] };

const answering = (...answers: string[]): Talk => {
  const [questions, lines]: [string[], string[]] = [[], []];
  const ask = (question: string): Promise<string | undefined> => {
    questions.push(question);
    return Promise.resolve(answers[questions.length - 1]);
  };
  return { ask, write: (line) => void lines.push(line), questions, lines };
};

test("three answers make a configuration", async (t) => {
  const config = await freshPath();
  const talk = answering("debian@203.0.113.10", "debian@203.0.113.11, w2", "/dev/vdb");
  await init({ config, name: "geo-101" }, talk);
  const written = await loadConfig(config);
  t.is(talk.questions.length, 3);
  t.is(written.name, "geo-101");
  t.deepEqual(written.manager, { destination: "debian@203.0.113.10" });
  t.deepEqual(written.workers, [{ destination: "debian@203.0.113.11" }, { destination: "w2" }]);
  t.like(written.storage, { kind: "persistent", backing: { kind: "device", path: "/dev/vdb" } });
});

test("Enter three times makes this machine a class, with homes that fit into its file", async (t) => {
  const config = await freshPath();
  await init({ config }, answering("", " ", ""));
  const { manager, workers, storage } = await loadConfig(config);
  t.deepEqual([manager, workers], [{ destination: "local" }, []]);
  t.like(storage, {
    backing: { kind: "file", size: 20 * 2 ** 30 },
    quota: { default: 2 * 2 ** 30 },
  } as never);
});

test("flags ask nothing", async (t) => {
  const config = await freshPath();
  const talk = answering();
  await init({ config, manager: "m", worker: ["w"], file: "1G", domain: "geo.example.org" }, talk);
  const written = await loadConfig(config);
  t.deepEqual(talk.questions, []);
  t.is(written.name, "geo");
  t.is(written.domain, "geo.example.org");
  t.like(written.storage, { quota: { default: 102 * 2 ** 20 } } as never);
});

test("with a domain the file shows how Let's Encrypt is asked, or asks it where an address is given", async (t) => {
  const basic = { manager: "local", device: "/dev/vdb", domain: "geo.example.org" };
  const offered = await freshPath();
  await init({ config: offered, ...basic }, answering());
  const text = await readFile(offered, "utf8");
  t.regex(text, /^# tls: \{letsencrypt: /m);
  t.is((await loadConfig(offered)).tls.kind, "self-signed");
  await writeFile(offered, text.replace(/^# (tls: )/m, "$1"));
  t.is((await loadConfig(offered)).tls.kind, "acme");
  const asked = await freshPath();
  await init({ config: asked, ...basic, letsencrypt: "ada@example.org" }, answering());
  t.like((await loadConfig(asked)).tls, { authority: "Let's Encrypt", email: "ada@example.org" });
});

test("Let's Encrypt without a domain, or with no e-mail address, is refused before anything is asked", async (t) => {
  const config = await freshPath();
  const flags = { config, manager: "local", device: "/dev/vdb" };
  for (const [more, expected] of [
    [{ letsencrypt: "ada@example.org" }, /--letsencrypt needs --domain/],
    [{ letsencrypt: "ada", domain: "geo.example.org" }, /--letsencrypt is "ada": expected an e-mail address/],
  ] as const)
    await t.throwsAsync(init({ ...flags, ...more }, answering()), { message: expected });
});

test("a manager and a place for the homes are flags enough", async (t) => {
  const config = await freshPath();
  await init({ config, manager: "local", device: "/dev/vdb" }, answering());
  t.deepEqual((await loadConfig(config)).workers, []);
});

test("the file is commented and short", async (t) => {
  const config = await freshPath();
  await init({ config, manager: "local", device: "/dev/vdb" }, answering());
  const lines = (await readFile(config, "utf8")).split("\n");
  t.true(lines.length < 35);
  t.true(lines.filter((line) => line.startsWith("#")).length >= 4);
});

test("a name that YAML would read as something else stays a name", async (t) => {
  for (const name of ["null", "123", "true", "1e3", "0x1f"]) {
    const config = await freshPath();
    await init({ config, name, manager: "m", device: "/dev/vdb" }, answering());
    const written = await loadConfig(config);
    t.is(written.name, name);
  }
});

test("it says what to type next", async (t) => {
  const config = await freshPath();
  const talk = answering();
  await init({ config, manager: "local", device: "/dev/vdb" }, talk);
  t.true(talk.lines.some((line) => line.includes(`swarmhub up --config ${config}`)));
});

test("a wrong answer is explained and asked for again", async (t) => {
  const config = await freshPath();
  const talk = answering("-x", "local", "", "40", "/dev/vd b", "40G");
  await init({ config }, talk);
  t.is(talk.questions.length, 6);
  t.is(talk.lines.filter((line) => line.startsWith("That is ")).length, 3);
});

test("five wrong answers are the end, and nothing is written", async (t) => {
  const config = await freshPath();
  await t.throwsAsync(init({ config }, answering("-", "-", "-", "-", "-")), {
    message: /no answer fits/,
  });
  t.deepEqual(await readdir(dirname(config)), []);
});

test("where nobody can answer, the flags to type are shown", async (t) => {
  const config = await freshPath();
  const error = await t.throwsAsync(init({ config, manager: "local" }, answering()));
  t.regex(error?.message ?? "", /^nobody is here to answer/);
  t.like(error, { code: exitCode.usage });
});

test("an existing file is never overwritten, and asks no questions", async (t) => {
  const config = await freshPath();
  await writeFile(config, "mine");
  const talk = answering("local", "", "");
  await t.throwsAsync(init({ config }, talk), { message: /is there already/ });
  t.deepEqual(talk.questions, []);
  t.is(await readFile(config, "utf8"), "mine");
});

test("a file that appears while the questions are answered is not overwritten", async (t) => {
  const config = await freshPath();
  const talk = answering("local", "", "");
  const ask = async (question: string): Promise<string | undefined> => {
    await writeFile(config, "mine");
    return talk.ask(question);
  };
  await t.throwsAsync(init({ config }, { ...talk, ask }), { message: /is there already/ });
  t.is(await readFile(config, "utf8"), "mine");
});

test("every wrong flag is named at once", async (t) => {
  const config = await freshPath();
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

test("answers that do not fit together leave no file behind", async (t) => {
  const config = await freshPath();
  await t.throwsAsync(
    init({ config, manager: "a", worker: ["b@a"], device: "/dev/vdb" }, answering()),
    {
      message: /do not fit together.*\n {2}item 1 of "workers" is b@a, the same machine as "manager"/,
    },
  );
  t.deepEqual(await readdir(dirname(config)), []);
});

test("a folder that is not there is named", async (t) => {
  const config = "/nowhere/swarmhub.yaml";
  await t.throwsAsync(init({ config, manager: "local", device: "/dev/vdb" }, answering()), {
    message: "/nowhere/swarmhub.yaml cannot be written: its folder does not exist",
  });
});
