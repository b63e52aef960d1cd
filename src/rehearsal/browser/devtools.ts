import type { Readable, Writable } from "node:stream";

/** What Chromium says by itself: the name of the event and its values. */
type Event = { method: string; params: Record<string, unknown> };

/** The protocol of Chromium's developer tools over two pipes (https://chromedevtools.github.io/devtools-protocol/). */
export type Devtools = {
  /** Sends a command, to a tab if `session` is given; throws with Chromium's reason. */
  send: (
    method: string,
    params?: Record<string, unknown>,
    session?: string,
  ) => Promise<Record<string, unknown>>;
  on: (listener: (event: Event) => void) => void;
};

const longestMessage = 16 * 2 ** 20;

/** Speaks with a Chromium that was started with --remote-debugging-pipe. All commands fail when the pipe ends. */
export const createDevtools = (to: Writable, from: Readable): Devtools => {
  type Waiting = {
    resolve: (result: Record<string, unknown>) => void;
    reject: (error: Error) => void;
  };
  const waiting = new Map<number, Waiting>();
  const listeners: ((event: Event) => void)[] = [];
  let last = 0;
  let text = "";
  let ended: Error | undefined;

  const end = (): void => {
    ended ??= new Error("Chromium has ended");
    for (const { reject } of waiting.values()) reject(ended);
    waiting.clear();
  };
  const receive = (message: string): void => {
    const found = JSON.parse(message) as {
      id?: number;
      result?: Record<string, unknown>;
      error?: { message: string };
    } & Partial<Event>;
    if (found.id === undefined) {
      const { method = "", params = {} } = found;
      for (const listener of listeners) listener({ method, params });
      return;
    }
    const command = waiting.get(found.id);
    waiting.delete(found.id);
    if (found.error === undefined) command?.resolve(found.result ?? {});
    else command?.reject(new Error(found.error.message));
  };
  from.setEncoding("utf8");
  from.on("data", (part: string) => {
    text += part;
    const messages = text.split("\0");
    text = messages.pop() ?? "";
    if (text.length > longestMessage) return void from.destroy();
    for (const message of messages) receive(message);
  });
  for (const pipe of [from, to]) pipe.on("error", end).on("close", end);

  return {
    send: (method, params = {}, session) =>
      new Promise((resolve, reject) => {
        if (ended !== undefined) return reject(ended);
        last += 1;
        waiting.set(last, { resolve, reject });
        const command = {
          id: last,
          method,
          params,
          ...(session !== undefined && { sessionId: session }),
        };
        to.write(`${JSON.stringify(command)}\0`);
      }),
    on: (listener) => void listeners.push(listener),
  };
};
