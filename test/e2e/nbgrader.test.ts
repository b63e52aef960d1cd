import { type ExecFileException, execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import test from "ava";
import { collectFrom } from "../../src/commands/collect.js";
import { handOutIn } from "../../src/commands/handout.js";
import { readHandout } from "../../src/commands/handout/files.js";
import { pythonEnvironment } from "./support/python-environment.js";
import { classWithHomes } from "../commands/support/class-with-homes.js";

// nbgrader itself, in an environment of its own, with what `swarmhub collect` writes. Needs no lab: the homes are on this machine.
const version = "0.9.6";
const run = promisify(execFile);

test("nbgrader grades what was handed out and collected", async (t) => {
  const environment = await pythonEnvironment(`nbgrader-${version}`, [`nbgrader==${version}`]);
  const room = await classWithHomes(t, ["ada", "bob", "carol"]);
  const course = await mkdtemp(join(tmpdir(), "swarmhub-course-"));
  t.teardown(() => rm(course, { recursive: true, force: true }));
  await mkdir(join(course, "source/hw1"), { recursive: true });
  await writeFile(join(course, "source/hw1/hw1.ipynb"), notebook);
  const nbgrader = (...words: string[]): Promise<string> =>
    run(join(environment, "bin/nbgrader"), words, {
      cwd: course,
      env: {
        ...process.env,
        HOME: course,
        PATH: `${environment}/bin:${process.env["PATH"] ?? ""}`,
      },
    }).then(
      ({ stdout, stderr }) => stdout + stderr,
      (error: ExecFileException & { stderr: string }) => {
        throw new Error(error.stderr);
      },
    );
  await nbgrader("generate_assignment", "hw1");
  const lesson = join(course, "release/hw1");
  const { signal } = new AbortController();
  const options = { path: lesson, dryRun: false, json: false };
  await handOutIn(room.cluster, await readHandout(lesson), options, room.terminal, signal);
  /** Writes the body of the function as the student does, over what is in the first cell. */
  const solve = async (user: string, solution: string): Promise<void> => {
    const path = join(room.folder, "homes", user, "hw1/hw1.ipynb");
    const work = JSON.parse(await readFile(path, "utf8")) as { cells: { source: string[] }[] };
    const [first] = work.cells;
    if (first !== undefined) first.source = ["def add(a, b):\n", `    ${solution}`];
    await writeFile(path, JSON.stringify(work));
  };
  await solve("ada", "return a + b");
  await solve("bob", "return a - b");
  await cp("/dev/null", join(room.folder, "homes/bob/hw1/note.txt"));
  const collect = () =>
    collectFrom(
      room.cluster,
      { path: "hw1", to: course, max: 2 ** 20, json: false },
      room.terminal,
    );
  const scores = async (): Promise<Record<string, number>> => {
    await nbgrader("export", "--to", "grades.csv");
    return scoresIn(await readFile(join(course, "grades.csv"), "utf8"));
  };
  await collect();
  t.log(room.printed.at(-2));
  t.deepEqual(await readdir(join(course, "submitted")), ["ada", "bob"]);
  await nbgrader("autograde", "hw1", "--create");
  t.deepEqual(await scores(), { ada: 2, bob: 0 });
  // Again: only bob's work is graded anew, since nbgrader compares timestamp.txt.
  await solve("carol", "return b + a");
  await solve("bob", "return a + b");
  await collect();
  await nbgrader("autograde", "hw1", "--create");
  t.deepEqual(await scores(), { ada: 2, bob: 2, carol: 2 });
});

/** The score of each student in the table that `nbgrader export` writes. */
const scoresIn = (table: string): Record<string, number> => {
  const [header = [], ...lines] = table
    .trim()
    .split("\n")
    .map((line) => line.trim().split(","));
  const cellOf = (line: readonly string[], name: string): string =>
    line[header.indexOf(name)] ?? "";
  return Object.fromEntries(
    lines.map((line) => [cellOf(line, "student_id"), Number(cellOf(line, "score"))] as const),
  );
};

const cell = (id: string, source: string, nbgrader: object): object => ({
  cell_type: "code",
  execution_count: null,
  id,
  outputs: [],
  source,
  metadata: { nbgrader: { schema_version: 3, task: false, ...nbgrader } },
});

const notebook = JSON.stringify({
  cells: [
    cell("a", "def add(a, b):\n    ### BEGIN SOLUTION\n    return a + b\n    ### END SOLUTION", {
      grade: false,
      grade_id: "add",
      locked: false,
      solution: true,
    }),
    cell("b", "assert add(1, 2) == 3", {
      grade: true,
      grade_id: "test_add",
      locked: true,
      points: 2,
      solution: false,
    }),
  ],
  metadata: { kernelspec: { display_name: "Python 3", language: "python", name: "python3" } },
  nbformat: 4,
  nbformat_minor: 5,
});
