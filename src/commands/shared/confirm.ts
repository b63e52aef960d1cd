import { UserError, exitCode } from "../../errors.js";
import type { Step } from "../../reconcile/piece.js";
import type { Terminal } from "../../report/terminal.js";

/** Asks about steps that destroy something; `yes` answers for the operator, and nobody there to ask is an error. */
export const confirmBy =
  (terminal: Terminal, yes: boolean) =>
  async (steps: readonly Step[]): Promise<boolean> => {
    if (yes) return true;
    const lines = steps.map(
      ({ host, title, destroys }) => `  ${host.name}: ${title}. It destroys ${destroys}.`,
    );
    return askToGoOn(terminal, lines.join("\n"));
  };

/** Asks for a yes after some lines; nobody there to ask is a UserError (usage) that says the same, as `said`. */
export const askToGoOn = async (
  terminal: Terminal,
  asked: string,
  said = asked,
): Promise<boolean> => {
  const answer = await terminal.ask(`${asked}\nGo on? (yes/no) `);
  if (answer === undefined)
    throw new UserError(`somebody has to agree to this first:\n${said}`, {
      hint: "add --yes to agree beforehand",
      code: exitCode.usage,
    });
  return answer.trim().toLowerCase() === "yes";
};
