import { setTimeout as pause } from "node:timers/promises";

/** Looks until there is something to see, and throws `otherwise()` at the deadline. Times in milliseconds. */
export const waitUntil = async <Seen>(
  look: () => Promise<Seen | undefined>,
  {
    deadline,
    every = 300,
    otherwise,
  }: { deadline: number; every?: number; otherwise: () => Error | Promise<Error> },
): Promise<Seen> => {
  const end = Date.now() + deadline;
  for (;;) {
    const seen = await look();
    if (seen !== undefined) return seen;
    if (Date.now() >= end) throw await otherwise();
    await pause(every);
  }
};

/** Does a change again while it is refused for a reason that passes; at the deadline (milliseconds) throws what was said at last. */
export const retryWhile = async (
  change: () => Promise<unknown>,
  { passes, deadline }: { passes: (error: unknown) => boolean; deadline: number },
): Promise<void> => {
  let refused: unknown;
  await waitUntil(
    async () => {
      try {
        await change();
        return true;
      } catch (error) {
        if (!passes(error)) throw error;
        refused = error;
        return undefined;
      }
    },
    { deadline, otherwise: () => refused as Error },
  );
};

/** Says how far a step is, in a few words: "pulling 40 %". */
export type Progress = (text: string) => void;
