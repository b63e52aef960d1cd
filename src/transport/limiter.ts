/** Runs a task as soon as there is room for it. */
export type Limiter = {
  <T>(task: () => Promise<T>): Promise<T>;
  /** Lowers the maximum, by default to one fewer than are running; it never rises, nor falls below one. */
  narrow: (maximum?: number) => void;
};

/** Runs at most `maximum` tasks at once; the others wait, first come first served. */
export const createLimiter = (maximum: number): Limiter => {
  const waiting: (() => void)[] = [];
  let current = maximum;
  let running = 0;
  const startWaiting = (): void => {
    while (running < current && waiting.length > 0) {
      running += 1;
      waiting.shift()?.();
    }
  };
  const runLimited = async <T>(task: () => Promise<T>): Promise<T> => {
    await new Promise<void>((start) => {
      waiting.push(start);
      startWaiting();
    });
    try {
      return await task();
    } finally {
      running -= 1;
      startWaiting();
    }
  };
  const narrow = (lowered = running - 1): void => {
    current = Math.max(1, Math.min(current, lowered));
  };
  return Object.assign(runLimited, { narrow });
};
