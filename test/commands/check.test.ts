import test from "ava";
import type { Found } from "../../src/checks/index.js";
import { showFindings } from "../../src/commands/check.js";
import { UserError, exitCode } from "../../src/errors.js";
import { fakeCluster, fakeHost } from "../support/fakes.js";

const cluster = fakeCluster(fakeHost("manager"));
const ok: Found = { check: "seats", level: "ok", text: "34 seats" };
const warning: Found = { check: "space", host: "manager", level: "warning", text: "little room" };
const refused: Found = {
  check: "taken",
  host: "manager",
  level: "refusal",
  text: "443",
  hint: "stop",
};

/** What is printed, and the error that is thrown. */
const shown = (found: Found[], json = false): { lines: string[]; error: unknown } => {
  const lines: string[] = [];
  try {
    showFindings(found, cluster, { print: (line) => lines.push(line) }, { json });
  } catch (error) {
    return { lines, error };
  }
  return { lines, error: undefined };
};

test("for machines that are ready the last line says so", (t) => {
  t.deepEqual(shown([ok]), {
    lines: ["the class", "  ✓ seats  34 seats", "ready for `swarmhub up`"],
    error: undefined,
  });
});

test("a warning is not an error, but is counted", (t) => {
  const { lines, error } = shown([ok, warning]);
  t.is(lines.at(-1), "ready for `swarmhub up`, 1 warning");
  t.is(error, undefined);
});

test("an error is counted and ends with exit code 3", (t) => {
  const { lines, error } = shown([warning, refused]);
  t.is(lines.at(-1), "1 error, 1 warning");
  t.true(error instanceof UserError && error.code === exitCode.preflight);
});

test("with --json the output is one document", (t) => {
  const { lines, error } = shown([ok, refused], true);
  t.deepEqual(JSON.parse(lines.join("\n")), { findings: [ok, refused] });
  t.truthy(error);
});
