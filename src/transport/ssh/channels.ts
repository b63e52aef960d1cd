import type { Duplex } from "node:stream";
import type { Client, ClientChannel } from "ssh2";
import { type Output, UnreachableError, UserError } from "../../errors.js";
import { quote } from "../../text/shell.js";
import { NoSocketError } from "../socket/types.js";
import { codeOfSignal, collect, deadlineError, pour, titleOf } from "../streams.js";
import type { ExecOptions } from "../transport.js";

/** A connection that stands, until `lost` says why it does not. */
export type Connection = { host: string; client: Client; lost: AbortSignal };

/** Runs a shell command. Throws UnreachableError, NoChannelError, or UserError past the deadline. */
export const execOn = (
  { host, client, lost }: Connection,
  command: string,
  { title = titleOf(command), input, timeout, onLine, into }: ExecOptions = {},
): Promise<Output> =>
  new Promise((resolve, reject) => {
    let channel: ClientChannel | undefined;
    const end = () => {
      clearTimeout(timer);
      lost.removeEventListener("abort", onLost);
    };
    const give = (error: Error) => {
      end();
      channel?.close();
      reject(error);
    };
    const onLost = () => give(lost.reason as Error);
    const timer =
      timeout === undefined
        ? undefined
        : setTimeout(() => give(deadlineError(host, title, timeout)), timeout);
    if (lost.aborted) return give(lost.reason as Error);
    lost.addEventListener("abort", onLost, { once: true });
    const onChannel = (error: Error | undefined, opened: ClientChannel) => {
      if (error !== undefined) return give(new NoChannelError(host, error));
      channel = opened;
      // A quick command's exit comes with the next packet: whoever listens only after an await misses it.
      const stdout = into === undefined ? collect(opened, onLine) : () => "";
      if (into !== undefined) pour(opened, into, give);
      const stderr = collect(opened.stderr, onLine);
      let code: number | undefined;
      opened.on("exit", (status: number | null, signal?: string) => {
        code = status ?? codeOfSignal(signal ?? "");
      });
      opened.on("error", give);
      opened.on("close", () => {
        end();
        if (code === undefined) reject(hungUp(host));
        else resolve({ code, stdout: stdout(), stderr: stderr() });
      });
      opened.end(input === undefined ? undefined : Buffer.from(input));
    };
    try {
      client.exec(remotely(command, timeout), onChannel);
    } catch {
      // ssh2 throws where the other side has hung up and the close is still to come.
      give(hungUp(host));
    }
  });

const hungUp = (host: string): UnreachableError =>
  new UnreachableError(host, "the connection was lost in the middle of a command", `ssh ${host}`);

/** By sh, whatever the login's shell is. sshd passes no signal on after our EOF, so the deadline is kept over there too. */
const remotely = (command: string, timeout: number | undefined): string => {
  const shell = `sh -c ${quote(command)}`;
  return timeout === undefined ? shell : `timeout -k 5 ${timeout / 1000 + 1} ${shell}`;
};

/** sshd opens no further session. */
export class NoChannelError extends UserError {
  override name = "NoChannelError";
  constructor(host: string, error: Error) {
    super(`sshd opens no session: ${error.message}`, {
      host,
      hint: "its sshd_config needs: MaxSessions 10",
    });
  }
}

/** A unix socket over there, by sshd's forwarding. Throws NoSocketError whatever sshd's reason is. */
export const forwarded = (connection: Connection, path: string): Promise<Duplex> =>
  opened(connection, (answer) => {
    const { host, client } = connection;
    client.openssh_forwardOutStreamLocal(path, (error, channel) => {
      if (error === undefined) return answer(channel);
      const why = `${host}: cannot open ${path}: ${error.message}`;
      const hint = "where the socket is there, sshd_config needs: AllowStreamLocalForwarding yes";
      answer(new NoSocketError(why, { hint }));
    });
  });

/** A command's stdin and stdout as one stream. */
export const streamOn = (connection: Connection, command: string): Promise<Duplex> =>
  opened(connection, (answer) => {
    const { host, client } = connection;
    client.exec(command, (error, channel) => {
      if (error !== undefined) return answer(new NoChannelError(host, error));
      channel.stderr.resume();
      answer(channel);
    });
  });

/** A stream that ends with the reason, when the connection does. */
const opened = (
  { host, lost }: Connection,
  open: (answer: (channel: ClientChannel | Error) => void) => void,
): Promise<Duplex> =>
  new Promise((resolve, reject) => {
    if (lost.aborted) return reject(lost.reason as Error);
    let stream: ClientChannel | undefined;
    const onLost = () => {
      reject(lost.reason as Error);
      if (stream !== undefined && stream.listenerCount("error") > 0)
        stream.emit("error", lost.reason);
    };
    lost.addEventListener("abort", onLost, { once: true });
    const answer = (channel: ClientChannel | Error) => {
      if (channel instanceof Error) {
        lost.removeEventListener("abort", onLost);
        reject(channel);
      } else {
        stream = channel;
        channel.once("close", () => lost.removeEventListener("abort", onLost));
        resolve(channel);
      }
    };
    try {
      open(answer);
    } catch {
      answer(hungUp(host));
    }
  });
