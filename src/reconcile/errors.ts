import { UserError, commonCode, exitCode, explain } from "../errors.js";
import type { Host } from "../host/host.js";
import type { Outcome } from "./perform.js";
import type { Step } from "./piece.js";

/** One error for all steps of a piece that failed: each host, its step and the reason. */
export const failure = (
  piece: string,
  steps: readonly Step[],
  outcomes: readonly Outcome[],
  command: string,
): UserError => {
  const failed = outcomes.filter((outcome) => outcome.kind === "failed");
  const hosts = new Set(failed.map(({ step }) => step.host)).size;
  const all = new Set(steps.map(({ host }) => host)).size;
  const where = all === 1 ? "" : ` on ${hosts} of ${all} hosts`;
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
      hint: `\`${command}\` goes on from here once that is mended`,
      code: commonCode(failed.map((outcome) => outcome.error)),
      causes: failed.map(({ step, error }) => errorOf(step.host, error)),
    },
  );
};

/** The run was interrupted in this piece; says which steps are still to come. */
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
      ? `interrupted before ${piece}; to be done there:`
      : `interrupted in ${piece}: ${outcomes.length} of its ${steps.length} steps ran; to be done:`;
  return new UserError(`${where}\n${listed(left)}`, {
    hint: `\`${command}\` goes on from here`,
    code: exitCode.interrupted,
  });
};

/** All steps of a piece ran, and yet there is something left to do. */
export const unsettled = (piece: string, left: readonly Step[], command: string): UserError =>
  new UserError(
    `${piece} did not settle: its steps ran, but a second look finds this to do:\n${listed(left)}`,
    { hint: `\`${command}\` tries it again; \`swarmhub status\` shows what differs` },
  );

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
