import { exitCode, UserError } from "../errors.js";
import type { Terminal } from "../report/index.js";
import type { Step } from "../step.js";

/** Asks about steps that destroy something; `yes` answers for the operator, and nobody there to ask is an error. */
export const confirmBy =
  (terminal: Terminal, yes: boolean) =>
  async (steps: readonly Step[]): Promise<boolean> => {
    if (yes) return true;
    const lines = steps.map(
      ({ host, title, destroys }) => `  ${host.name}: ${title}. It destroys ${destroys}.`,
    );
    const answer = await terminal.ask(`${lines.join("\n")}\nGo on? (yes/no) `);
    if (answer === undefined)
      throw new UserError(
        `somebody has to agree to this first:\n${lines.join("\n")}`,
        "add --yes to agree beforehand",
        exitCode.usage,
      );
    return answer.trim().toLowerCase() === "yes";
  };
