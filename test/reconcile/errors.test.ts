import test from "ava";
import { UnreachableError, UserError, oneError } from "../../src/errors.js";
import { stepsFailed, unconverged } from "../../src/reconcile/errors.js";
import type { Outcome } from "../../src/reconcile/run-steps.js";
import type { Step } from "../../src/reconcile/piece.js";
import { fakeHost } from "../support/fakes.js";

const hosts = ["a", "b", "c"].map((name) => fakeHost(name));
const steps: Step[] = hosts.map((host) => ({ host, title: "install Docker", run: async () => {} }));

const outcome = (index: number, error?: unknown): Outcome[] => {
  const step = steps[index];
  if (step === undefined) return [];
  return [
    error === undefined ? { kind: "done", step, ms: 1 } : { kind: "failed", step, ms: 1, error },
  ];
};

test("failures on several hosts become one error that names each, with its step and reason", (t) => {
  const outcomes = [
    ...outcome(0, new UnreachableError("a", "the connection was lost")),
    ...outcome(1, new UnreachableError("b", "refused\nby sshd", "look at its log")),
    ...outcome(2),
  ];
  const error = stepsFailed("engine", steps, outcomes, "swarmhub up");
  t.is(
    error.message,
    `engine failed on 2 of 3 machines:
  a: install Docker: the connection was lost
  b: install Docker: refused
    by sshd
    → look at its log`,
  );
  t.is(error.hint, "fix that, then `swarmhub up` continues from here");
  t.is(error.code, 5, "the exit code that they have in common");
});

test("failures of several kinds have the exit code of a failure", (t) => {
  const outcomes = [...outcome(0, new UnreachableError("a", "lost")), ...outcome(1, "odd")];
  const error = stepsFailed("engine", steps, outcomes, "swarmhub up");
  t.is(error.code, 1);
  t.regex(error.message, /b: install Docker: odd$/);
});

test("a failure keeps what was thrown, for --debug", (t) => {
  const bug = new TypeError("x is undefined");
  const { cause } = stepsFailed("engine", steps, outcome(0, bug), "swarmhub up");
  t.is((cause as Error).cause, bug);
});

test("a class of one machine has no count of machines", (t) => {
  const error = stepsFailed(
    "engine",
    steps.slice(0, 1),
    outcome(0, new Error("no")),
    "swarmhub down",
  );
  t.is(error.message, "engine failed:\n  a: install Docker: no");
  t.regex(error.hint ?? "", /swarmhub down/);
});

test("pending steps of a piece that did not converge are listed", (t) => {
  t.is(
    unconverged("engine", steps.slice(0, 2), "swarmhub up").message,
    `engine did not converge: still pending after all steps:
  a: install Docker
  b: install Docker`,
  );
});

test("a machine on which every inspection fails is named once", (t) => {
  const lost = () => new UserError("b: lost", { hint: "see the cable", code: 5 });
  const first = lost();
  t.like(oneError([first, lost()]), { message: "b: lost", hint: "see the cable", code: 5 });
  t.like(oneError([lost(), new UserError("c: lost", { hint: "see the cable", code: 5 })]), {
    message: "b: lost\nc: lost",
    hint: "see the cable",
    code: 5,
  });
  const bug = new TypeError("x is undefined");
  t.is(oneError([bug]), bug, "a mistake of ours stays what it is");
});
