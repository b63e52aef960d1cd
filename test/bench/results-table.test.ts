import { readFileSync } from "node:fs";
import test from "ava";
import { withResults } from "./results-table.js";

const page = `# Performance

## Results

| | measurement | swarmhub | compared with | ratio | goal | result | date (UTC) | commit | conditions |
|---|---|---|---|---|---|---|---|---|---|
| P2 | old | 1 s | | | | | 2026-01-01 00:00 | 1111111 | idle |
| P4a | kept | 1 s | | | | | 2026-01-01 00:00 | 1111111 | idle |
| P5a | old | 1 s | | | | | 2026-01-01 00:00 | 1111111 | idle |
| P5b | kept | 1 s | | | | | 2026-01-01 00:00 | 1111111 | idle |

## Notes
`;
const conditions = {
  at: new Date("2026-11-30T04:05:06Z"),
  commit: "abc1234",
  cores: 2,
  load: 0.44,
};
const rowsOf = (text: string): string[] =>
  text.split("\n").filter((line) => line.startsWith("| P"));

test("the rows of a benchmark are replaced by those of its last run, with date, commit and load", (t) => {
  const other = { name: "incron", ms: 2000 };
  const text = withResults(
    page,
    "P5a",
    [
      { bench: "P5a", what: "one | new home", ours: 1000, other, goal: { ratio: 0.4 } },
      { bench: "P5a", what: "many", ours: 500 },
    ],
    conditions,
  );
  const when = "2026-11-30 04:05 | abc1234 | 2 cores, load 0.4 at the start |";
  t.deepEqual(rowsOf(text), [
    ...rowsOf(page).slice(0, 2),
    `| P5a | one \\| new home | 1.00 s | incron: 2.00 s | 0.50× | ≤ 0.40× | **missed** | ${when}`,
    `| P5a | many | 500 ms |  |  |  |  | ${when}`,
    ...rowsOf(page).slice(3),
  ]);
  t.is(text.slice(text.indexOf("\n## Notes")), "\n## Notes\n");
});

test("the rows of a benchmark that is not in the table yet get their place by its name", (t) => {
  const text = withResults(page, "P3", [{ bench: "P3", what: "new", ours: 1 }], conditions);
  t.deepEqual(
    rowsOf(text).map((row) => row.slice(2, 5).trim()),
    ["P2", "P3", "P4a", "P5a", "P5b"],
  );
});

test("a page without the table is refused, and docs/performance.md has it", (t) => {
  t.throws(() => withResults("# Performance\n", "P3", [], conditions), { message: /no table/ });
  const real = readFileSync("docs/performance.md", "utf8");
  t.is(withResults(real, "no such benchmark", [], conditions), real);
});
