import { UserError } from "../errors.js";
import type { Step } from "./piece.js";

/** Asks the operator about steps that destroy something. */
export type Confirm = (destroying: readonly Step[]) => Promise<boolean>;

/** Asks about destructive steps, never twice about the same one. Plans are made anew, so a step is known by its text. Throws a UserError after a no. */
export const confirmOnce = (confirm: Confirm, command: string) => {
  const confirmed = new Set<string>();
  return async (steps: readonly Step[]): Promise<void> => {
    const asked = steps.filter((step) => step.destroys !== undefined && !confirmed.has(key(step)));
    if (asked.length === 0) return;
    if (!(await confirm(asked)))
      throw new UserError("stopped: nothing was destroyed", { hint: `\`${command}\` asks again` });
    for (const step of asked) confirmed.add(key(step));
  };
};

const key = ({ host, title, destroys }: Step): string =>
  JSON.stringify([host.name, title, destroys]);
