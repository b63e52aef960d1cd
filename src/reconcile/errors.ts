import { UserError, commonCode, exitCode, explain } from "../errors.js";
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
    const { error: message, cure } = explain(error);
    const why = indent(withoutHost(message, step.host.name));
    const how = cure === undefined ? "" : `\n    → ${indent(cure)}`;
    return `  ${step.host.name}: ${step.title}: ${why}${how}`;
  });
  const skipped = outcomes.filter(({ kind }) => kind === "skipped").length;
  const error = new UserError(
    [`${piece} failed${where}${count(skipped, "skipped")}:`, ...lines].join("\n"),
    `\`${command}\` goes on from here once that is mended`,
    commonCode(failed.map((outcome) => outcome.error)),
  );
  error.cause = failed.length === 1 ? failed[0]?.error : failed.map((outcome) => outcome.error);
  return error;
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
  return new UserError(
    `${where}\n${listed(left)}`,
    `\`${command}\` goes on from here`,
    exitCode.interrupted,
  );
};

/** All steps of a piece ran, and yet there is something left to do. */
export const unsettled = (piece: string, left: readonly Step[], command: string): UserError =>
  new UserError(
    `${piece} did not settle: its steps ran, but a second look finds this to do:\n${listed(left)}`,
    `\`${command}\` tries it again; \`swarmhub status\` shows what differs`,
  );

const listed = (steps: readonly Step[]): string =>
  steps.map(({ host, title }) => `  ${host.name}: ${title}`).join("\n");

const count = (number: number, word: string): string =>
  number === 0 ? "" : ` (${number} ${word})`;

const indent = (text: string): string => text.replaceAll("\n", "\n    ");

/** Errors of a host begin with its name, and so does our line. */
const withoutHost = (message: string, host: string): string =>
  message.startsWith(`${host}: `) ? message.slice(host.length + 2) : message;
