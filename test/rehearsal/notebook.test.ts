import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { exitCode } from "../../src/errors.js";
import {
  lastRehearsalPath,
  readLastRehearsal,
  writeLastRehearsal,
} from "../../src/rehearsal/last.js";
import { builtInNotebook, readNotebook } from "../../src/rehearsal/notebook.js";
import { userError } from "../support/fakes.js";
import { temporaryFolder } from "../support/temporary-folder.js";
import { person, rehearsalOf, round } from "./support/examples.js";

const lesson = {
  nbformat: 4,
  nbformat_minor: 5,
  metadata: { kernelspec: { name: "ir", display_name: "R" } },
  cells: [
    { cell_type: "markdown", source: ["# Maps"] },
    { cell_type: "code", source: ["x <- 1\n", "x"], outputs: [], metadata: {} },
    { cell_type: "code", source: "  \n" },
    { cell_type: "code", source: "x + 1" },
  ],
};

test("the cells with code of the teacher's notebook are run with its kernel, and the file is kept as it is", async (t) => {
  const path = join(temporaryFolder(), "lesson.ipynb");
  await writeFile(path, JSON.stringify(lesson));
  const { name, kernel, cells, content } = await readNotebook(path);
  t.deepEqual(
    { name, kernel, cells },
    { name: "lesson.ipynb", kernel: "ir", cells: ["x <- 1\nx", "x + 1"] },
  );
  t.deepEqual(content, lesson);
  t.true(builtInNotebook().cells.length > 3);
});

for (const [what, text, reason] of [
  ["that is missing", undefined, /cannot be read \(ENOENT\)/],
  ["of an old format", JSON.stringify({ ...lesson, nbformat: 3 }), /is no Jupyter notebook/],
  ["that is no JSON", "print(1)", /is no Jupyter notebook/],
  ["without code", JSON.stringify({ ...lesson, cells: [] }), /has no cell with code/],
] as const)
  test(`a notebook ${what} is refused before anything is done`, async (t) => {
    const path = join(temporaryFolder(), "lesson.ipynb");
    if (text !== undefined) await writeFile(path, text);
    const error = await userError(readNotebook(path));
    t.regex(error.message, reason);
    t.is(error.code, exitCode.usage);
  });

test("a rehearsal is remembered beside its configuration, for the same class", async (t) => {
  const path = lastRehearsalPath(join(temporaryFolder(), "spring.yaml"));
  t.true(path.endsWith("/spring.rehearsal.json"));
  t.is(await readLastRehearsal(path, "geo-101"), undefined);
  const rehearsal = rehearsalOf([round([person(1, 2)])]);
  await writeLastRehearsal(path, rehearsal);
  t.like(await readLastRehearsal(path, "geo-101"), { people: 1, at: rehearsal.at });
  t.is(await readLastRehearsal(path, "geo-102"), undefined);
  await writeFile(path, "{}");
  t.is(await readLastRehearsal(path, "geo-101"), undefined);
});
