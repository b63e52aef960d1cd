import { UserError, commonCode, exitCode, explain } from "../errors.js";
import type { Host } from "../host/host.js";
import type { Outcome } from "./run-steps.js";
import type { Step } from "./piece.js";

/** One error for all steps of a piece that failed: each host, its step and the reason. */
export const stepsFailed = (
  piece: string,
  steps: readonly Step[],
  outcomes: readonly Outcome[],
  command: string,
): UserError => {
  const failed = outcomes.filter((outcome) => outcome.kind === "failed");
  const hosts = new Set(failed.map(({ step }) => step.host)).size;
  const all = new Set(steps.map(({ host }) => host)).size;
  const where = all === 1 ? "" : ` on ${hosts} of ${all} machines`;
  const lines = failed.map(({ step, error }) => {
    const { error: message, hint } = explain(error);
    const isOfHost = error instanceof UserError && error.host === step.host.name;
    const why = indent(isOfHost ? error.reason : message);
    const how = hint === undefined ? "" : `\n    → ${indent(hint)}`;
    return `  ${step.host.name}: ${step.title}: ${why}${how}`;
  });
  const skipped = outcomes.filter(({ kind }) => kind === "skipped").length;
  return new UserError(
    [`${piece} failed${where}${count(skipped, "skipped")}:`, ...lines].join("\n"),
    {
      hint: `fix that, then \`${command}\` continues from here`,
      code: commonCode(failed.map((outcome) => outcome.error)),
      causes: failed.map(({ step, error }) => errorOf(step.host, error)),
    },
  );
};

/** The run was interrupted in this piece; lists the pending steps. */
export const interruption = (
  piece: string,
  steps: readonly Step[],
  outcomes: readonly Outcome[],
  command: string,
): UserError => {
  const seen = new Set(outcomes.map(({ step }) => step));
  const left = steps.filter((step) => !seen.has(step));
  const where =
    outcomes.length === 0
      ? `interrupted before ${piece}; pending steps:`
      : `interrupted in ${piece} after ${outcomes.length} of its ${steps.length} steps; pending steps:`;
  return new UserError(`${where}\n${listed(left)}`, {
    hint: `\`${command}\` continues from here`,
    code: exitCode.interrupted,
  });
};

/** All steps of a piece ran, and its next plan is not empty. */
export const unconverged = (piece: string, left: readonly Step[], command: string): UserError =>
  new UserError(`${piece} did not converge: still pending after all steps:\n${listed(left)}`, {
    hint: `\`${command}\` tries again; \`swarmhub status\` shows the drift`,
  });

const listed = (steps: readonly Step[]): string =>
  steps.map(({ host, title }) => `  ${host.name}: ${title}`).join("\n");

const count = (number: number, word: string): string =>
  number === 0 ? "" : ` (${number} ${word})`;

const indent = (text: string): string => text.replaceAll("\n", "\n    ");

/** The error of a step with the host that it ran on, where it does not name one itself. */
const errorOf = ({ name }: Host, error: unknown): unknown => {
  if (error instanceof UserError && error.host !== undefined) return error;
  const { error: reason, hint } = explain(error);
  return new UserError(reason, { host: name, hint, code: commonCode([error]), causes: [error] });
};
