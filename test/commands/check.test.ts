import test from "ava";
import type { Found } from "../../src/checks/index.js";
import { showFindings } from "../../src/commands/check.js";
import { UserError, exitCode } from "../../src/errors.js";
import { fakeCluster, fakeHost } from "../support/fakes.js";

const cluster = fakeCluster(fakeHost("manager"));
const ok: Found = { check: "seats", level: "ok", text: "34 seats" };
const warning: Found = { check: "disk", host: "manager", level: "warning", text: "little room" };
const failed: Found = {
  check: "ports",
  host: "manager",
  level: "error",
  text: "443",
  hint: "stop",
};

/** The printed lines and the error. */
const shown = (found: Found[], json = false): { lines: string[]; error: unknown } => {
  const lines: string[] = [];
  try {
    showFindings(found, cluster, { print: (line) => lines.push(line) }, { json });
  } catch (error) {
    return { lines, error };
  }
  return { lines, error: undefined };
};

test("the last line says that preflight passed", (t) => {
  t.deepEqual(shown([ok]), {
    lines: ["the class", "  ✓ seats  34 seats", "preflight passed"],
    error: undefined,
  });
});

test("a warning is counted and does not fail", (t) => {
  const { lines, error } = shown([ok, warning]);
  t.is(lines.at(-1), "preflight passed, 1 warning");
  t.is(error, undefined);
});

test("an error ends in exit code 3 and is counted", (t) => {
  const { lines, error } = shown([warning, failed]);
  t.is(lines.at(-1), "1 error, 1 warning");
  t.true(error instanceof UserError && error.code === exitCode.preflight);
});

test("`--json` prints one JSON document", (t) => {
  const { lines, error } = shown([ok, failed], true);
  t.deepEqual(JSON.parse(lines.join("\n")), { findings: [ok, failed] });
  t.truthy(error);
});
