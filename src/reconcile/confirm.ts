import { UserError } from "../errors.js";
import type { Step } from "./piece.js";

/** Asks the operator about steps that destroy something. */
export type Confirm = (destroying: readonly Step[]) => Promise<boolean>;

/** Asks about what destroys, but never twice about the same: plans are made anew, so steps are known by what they say. */
export const confirmOnce = (confirm: Confirm, command: string) => {
  const agreed = new Set<string>();
  return async (steps: readonly Step[]): Promise<void> => {
    const asked = steps.filter((step) => step.destroys !== undefined && !agreed.has(key(step)));
    if (asked.length === 0) return;
    if (!(await confirm(asked)))
      throw new UserError("stopped: nothing was destroyed", { hint: `${command} asks again` });
    for (const step of asked) agreed.add(key(step));
  };
};

const key = ({ host, title, destroys }: Step): string =>
  JSON.stringify([host.name, title, destroys]);
