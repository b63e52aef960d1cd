import { UserError } from "../errors.js";
import type { Limiter } from "./limiter.js";

/** sshd refuses another session. */
export class NoChannelError extends UserError {
  override name = "NoChannelError";
  constructor(host: string, reason: string) {
    super(`sshd refuses a session: ${reason}`, {
      host,
      hint: "its sshd_config needs: MaxSessions 10",
    });
  }
}

/** sshd's MaxSessions is 10 by default. */
export const sessionLimit = 8;

/** Where sshd allows fewer sessions than expected, lowers the limit to that number and retries what it refused. */
export const withinSessions = async <T>(limiter: Limiter, task: () => Promise<T>): Promise<T> => {
  const attempt = async () => {
    try {
      return await task();
    } catch (error) {
      if (error instanceof NoChannelError) limiter.narrow();
      throw error;
    }
  };
  for (let retries = 8; ; retries -= 1) {
    try {
      return await limiter(attempt);
    } catch (error) {
      if (!(error instanceof NoChannelError) || retries === 0) throw error;
    }
  }
};
