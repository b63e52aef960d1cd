import type { Duplex } from "node:stream";
import type { Client, ClientCallback, ClientChannel } from "ssh2";
import { type Output, UnreachableError, type UserError } from "../../errors.js";
import { type Running, inShell, runCommand } from "../command.js";
import { skipGreeting } from "../greeting.js";
import { NoChannelError } from "../sessions.js";
import { NoSocketError } from "../socket/types.js";
import { codeOfSignal } from "../streams.js";
import type { ExecOptions } from "../transport.js";

/** An open connection; `lost` is aborted with the reason when it ends. */
export type Connection = { host: string; client: Client; lost: AbortSignal };

/** Runs a shell command. Throws UnreachableError, NoChannelError, or UserError past the deadline. */
export const execOn = (
  { host, client, lost }: Connection,
  command: string,
  options: ExecOptions = {},
): Promise<Output> =>
  runCommand(
    {
      host,
      lost,
      start: (line, started) => {
        try {
          client.exec(line, (error, channel) => {
            started(error ? new NoChannelError(host, error.message) : runningOn(channel));
          });
        } catch {
          // ssh2 throws where the machine has hung up and the close event is still to come.
          started(hungUp(host));
        }
      },
      failureOf: async ({ code }) => (code === undefined ? hungUp(host) : undefined),
    },
    command,
    options,
  );

const runningOn = (channel: ClientChannel): Running => ({
  stdin: channel,
  stdout: channel,
  stderr: channel.stderr,
  close: () => channel.close(),
  watch: (ended, failed) => {
    let code: number | undefined;
    channel.on("exit", (status: number | null, signal?: string) => {
      code = status ?? codeOfSignal(signal ?? "");
    });
    channel.on("error", failed);
    channel.on("close", () => ended(code));
  },
});

const hungUp = (host: string): UnreachableError =>
  new UnreachableError(host, "the connection was lost in the middle of a command", `ssh ${host}`);

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
    ({ message }) => new NoChannelError(host, message),
    lost,
  );
  await new Promise<void>((resolve) => {
    skipGreeting(stream, () => resolve());
  });
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
