import { UserError, exitCode } from "../../errors.js";
import type { Step } from "../../reconcile/piece.js";
import type { Terminal } from "../../report/terminal.js";

/** Asks before steps that destroy something; `yes` answers for the operator. Without a terminal it is a UserError (usage). */
export const confirmBy =
  (terminal: Terminal, yes: boolean) =>
  async (steps: readonly Step[]): Promise<boolean> => {
    if (yes) return true;
    const lines = steps.map(
      ({ host, title, destroys }) => `  ${host.name}: ${title}. It destroys ${destroys}.`,
    );
    return askToContinue(terminal, lines.join("\n"));
  };

/** Prints lines and asks for a yes. Without a terminal it throws a UserError (usage) with `listed`. */
export const askToContinue = async (
  terminal: Terminal,
  question: string,
  listed = question,
): Promise<boolean> => {
  const answer = await terminal.ask(`${question}\nContinue? (yes/no) `);
  if (answer === undefined)
    throw new UserError(`confirmation needed, but there is no terminal:\n${listed}`, {
      hint: "add --yes to confirm it in advance",
      code: exitCode.usage,
    });
  return answer.trim().toLowerCase() === "yes";
};
