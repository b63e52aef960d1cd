/** Runs a task once there is room for it. */
export type Limiter = {
  <T>(task: () => Promise<T>): Promise<T>;
  /** From now on at most so many, by default one fewer than are running; one at least. */
  narrow: (most?: number) => void;
};

/** A limit of `most` tasks at once; the others wait, first come first served. */
export const createLimiter = (most: number): Limiter => {
  const waiting: (() => void)[] = [];
  let room = most;
  let running = 0;
  const letIn = (): void => {
    while (running < room && waiting.length > 0) {
      running += 1;
      waiting.shift()?.();
    }
  };
  const limit = async <T>(task: () => Promise<T>): Promise<T> => {
    await new Promise<void>((go) => {
      waiting.push(go);
      letIn();
    });
    try {
      return await task();
    } finally {
      running -= 1;
      letIn();
    }
  };
  const narrow = (to = running - 1): void => {
    room = Math.max(1, Math.min(room, to));
  };
  return Object.assign(limit, { narrow });
};
