import type { Duplex } from "node:stream";
import type { Client, ClientCallback, ClientChannel } from "ssh2";
import { type Output, UnreachableError, UserError } from "../../errors.js";
import { quoteForLogin } from "../../text/shell.js";
import { NoSocketError } from "../socket/types.js";
import {
  codeOfSignal,
  deadlineCommand,
  deadlineError,
  pipeInto,
  readLines,
  titleOf,
} from "../streams.js";
import type { ExecOptions } from "../transport.js";
import { linesAfterGreeting, marked, skipGreeting, withoutGreeting } from "./greeting.js";

/** An open connection; `lost` is aborted with the reason when it ends. */
export type Connection = { host: string; client: Client; lost: AbortSignal };

/** Runs a shell command. Throws UnreachableError, NoChannelError, or UserError past the deadline. */
export const execOn = (
  { host, client, lost }: Connection,
  command: string,
  { title = titleOf(command), input, timeout, onLine, into, stop }: ExecOptions = {},
): Promise<Output> =>
  new Promise((resolve, reject) => {
    let channel: ClientChannel | undefined;
    const end = () => {
      clearTimeout(timer);
      lost.removeEventListener("abort", onLost);
      stop?.removeEventListener("abort", endInput);
    };
    const endInput = () => channel?.end();
    const fail = (error: Error) => {
      end();
      channel?.close();
      reject(error);
    };
    const onLost = () => fail(lost.reason as Error);
    const timer =
      timeout === undefined
        ? undefined
        : setTimeout(() => fail(deadlineError(host, title, timeout)), timeout);
    if (lost.aborted) return fail(lost.reason as Error);
    lost.addEventListener("abort", onLost, { once: true });
    const onChannel = (error: Error | undefined, opened: ClientChannel) => {
      if (error !== undefined) return fail(new NoChannelError(host, error));
      channel = opened;
      // A quick command's exit comes with the next packet: a listener that is added after an await misses it.
      const stdout = into === undefined ? readLines(opened, linesAfterGreeting(onLine)) : () => "";
      if (into !== undefined) void skipGreeting(opened).then(() => pipeInto(opened, into, fail));
      const stderr = readLines(opened.stderr, onLine);
      let code: number | undefined;
      opened.on("exit", (status: number | null, signal?: string) => {
        code = status ?? codeOfSignal(signal ?? "");
      });
      opened.on("error", fail);
      opened.on("close", () => {
        end();
        if (code === undefined) reject(hungUp(host));
        else resolve({ code, stdout: withoutGreeting(stdout()), stderr: stderr() });
      });
      if (input !== undefined) opened.write(Buffer.from(input));
      if (stop === undefined || stop.aborted) endInput();
      else stop.addEventListener("abort", endInput, { once: true });
    };
    try {
      client.exec(inShell(command, timeout), onChannel);
    } catch {
      // ssh2 throws where the machine has hung up and the close event is still to come.
      fail(hungUp(host));
    }
  });

const hungUp = (host: string): UnreachableError =>
  new UnreachableError(host, "the connection was lost in the middle of a command", `ssh ${host}`);

/** Runs it by sh, whatever the login's shell is. sshd passes no signal on after our EOF, so the machine keeps the deadline too. */
const inShell = (command: string, timeout: number | undefined): string => {
  const shell = `sh -c ${quoteForLogin(marked(command))}`;
  return timeout === undefined ? shell : `${deadlineCommand(timeout)} ${shell}`;
};

/** sshd refuses another session. */
export class NoChannelError extends UserError {
  override name = "NoChannelError";
  constructor(host: string, error: Error) {
    super(`sshd refuses a session: ${error.message}`, {
      host,
      hint: "its sshd_config needs: MaxSessions 10",
    });
  }
}

/** Connects to a unix socket of the machine by sshd's forwarding. Throws NoSocketError whatever sshd's reason is. */
export const forwardSocket = ({ host, client, lost }: Connection, path: string): Promise<Duplex> =>
  openChannel(
    host,
    (done) => client.openssh_forwardOutStreamLocal(path, done),
    ({ message }) =>
      new NoSocketError(`cannot open ${path}: ${message}`, {
        host,
        hint: "if the socket exists, sshd_config needs: AllowStreamLocalForwarding yes",
      }),
    lost,
  );

/** A program's stdin and stdout as one stream; the command is its words. */
export const streamOn = async (
  { host, client, lost }: Connection,
  command: string,
): Promise<Duplex> => {
  const stream = await openChannel(
    host,
    (done) =>
      client.exec(inShell(`exec ${command}`, undefined), (error, channel) => {
        if (error === undefined) channel.stderr.resume();
        done(error, channel);
      }),
    (error) => new NoChannelError(host, error),
    lost,
  );
  await skipGreeting(stream);
  return stream;
};

/** Opens a channel, which ends with the reason when the connection is lost; `explain` makes the error of ssh2's. */
export const openChannel = (
  host: string,
  open: (done: ClientCallback) => unknown,
  explain: (error: Error) => UserError,
  lost?: AbortSignal,
): Promise<ClientChannel> =>
  new Promise((resolve, reject) => {
    if (lost?.aborted === true) return reject(lost.reason as Error);
    let stream: ClientChannel | undefined;
    const onLost = () => {
      reject(lost?.reason as Error);
      if (stream !== undefined && stream.listenerCount("error") > 0)
        stream.emit("error", lost?.reason);
    };
    const stopWatching = () => lost?.removeEventListener("abort", onLost);
    const fail = (error: Error) => {
      stopWatching();
      reject(error);
    };
    lost?.addEventListener("abort", onLost, { once: true });
    try {
      open((error, channel) => {
        if (error !== undefined) return fail(explain(error));
        stream = channel;
        channel.once("close", stopWatching);
        resolve(channel);
      });
    } catch {
      fail(hungUp(host));
    }
  });
