import test from "ava";
import type { Found } from "../../src/checks/index.js";
import { show } from "../../src/commands/check.js";
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

/** What is printed, and the error in which it ends. */
const shown = (found: Found[], json = false): { lines: string[]; error: unknown } => {
  const lines: string[] = [];
  try {
    show(found, cluster, { print: (line) => lines.push(line) }, { json });
  } catch (error) {
    return { lines, error };
  }
  return { lines, error: undefined };
};

test("machines that are ready say so last", (t) => {
  t.deepEqual(shown([ok]), {
    lines: ["the class", "  ✓ seats  34 seats", "nothing stands in the way of `swarmhub up`"],
    error: undefined,
  });
});

test("a warning stops nothing, but is counted", (t) => {
  const { lines, error } = shown([ok, warning]);
  t.is(lines.at(-1), "nothing stands in the way of `swarmhub up`, 1 warning");
  t.is(error, undefined);
});

test("a refusal ends with exit code 3 and counts", (t) => {
  const { lines, error } = shown([warning, refused]);
  t.is(lines.at(-1), "1 refusal, 1 warning");
  t.true(error instanceof UserError && error.code === exitCode.preflight);
});

test("for programs it is one JSON document", (t) => {
  const { lines, error } = shown([ok, refused], true);
  t.deepEqual(JSON.parse(lines.join("\n")), { findings: [ok, refused] });
  t.truthy(error);
});
