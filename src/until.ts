import { setTimeout as pause } from "node:timers/promises";

/** Looks until there is something to see, and throws `otherwise()` at the deadline. Times in milliseconds. */
export const until = async <Seen>(
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
