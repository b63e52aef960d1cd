import { until } from "../../until.js";

/** Does a change again while it is refused for a reason that passes; at the deadline (milliseconds) throws what was said at last. */
export const insist = async (
  change: () => Promise<unknown>,
  { passes, deadline }: { passes: (error: unknown) => boolean; deadline: number },
): Promise<void> => {
  let refused: unknown;
  await until(
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
