import { Agent } from "node:http";
import { Duplex } from "node:stream";
import { inspect } from "node:util";
import Dockerode from "dockerode";
import { UserError } from "../errors.js";

/** A Docker Engine's API. */
export type Docker = Dockerode;

/**
 * Docker's API over sockets that `open` opens, at most 6 at once and reused. `host` is for errors. A call without an
 * answer within the deadline (milliseconds) ends in a UserError.
 */
export const dockerOver = (
  host: string,
  open: () => Promise<Duplex>,
  deadlineMs = 5 * 60_000,
): Docker => {
  // Fewer than the 8 that ssh.ts allows: where each socket is an SSH session, commands must still run.
  const agent = new Agent({ keepAlive: true, maxSockets: 6, maxFreeSockets: 6 });
  // maxSockets counts only sockets that createConnection returns synchronously, hence a deferred one.
  // docker-modem inspects its options to any depth on each request, debugging or not: with live SSH channels under the
  // agent, 100 calls took 48 s.
  Object.assign(agent, {
    createConnection: () => deferredSocket(open),
    [inspect.custom]: () => "Agent on a host's sockets",
  });
  // No `version`: each Engine answers paths without one in its own version, so old and new ones work.
  // Without the undefined values they would come from DOCKER_HOST and similar variables of the operator.
  const docker = new Dockerode({
    agent,
    protocol: "http",
    host: "localhost",
    port: 80,
    pathPrefix: "/",
    ca: undefined,
    cert: undefined,
    key: undefined,
    timeout: undefined,
  } as Dockerode.DockerOptions);
  const modem = docker.modem as unknown as Modem;
  // docker-modem would follow a redirect on this machine, outside of the agent and without a listener for errors.
  const build = modem.buildRequest.bind(modem);
  modem.buildRequest = (options, ...rest) => build({ ...options, maxRedirects: 0 }, ...rest);
  const dial = modem.dial.bind(modem);
  modem.dial = (options, done) => {
    const deadline = new AbortController();
    // A call that waits for a container lasts as long as the container runs.
    const hasNoDeadline = options.abortSignal !== undefined || /\/wait\b/.test(options.path);
    const timer = hasNoDeadline ? undefined : setTimeout(() => deadline.abort(), deadlineMs);
    dial(hasNoDeadline ? options : { ...options, abortSignal: deadline.signal }, (error, data) => {
      clearTimeout(timer);
      const reason = deadline.signal.aborted
        ? `did not answer within ${deadlineMs / 1000} s`
        : "closed the connection";
      done(error && explained(host, error, reason), data);
    });
  };
  return docker;
};

type BuildRequest = (options: object, ...rest: unknown[]) => void;
type Modem = { dial: Dial; buildRequest: BuildRequest };
type Failure = Error & { code?: string };
type Dial = (
  options: { path: string; abortSignal?: AbortSignal },
  done: (error: Failure | null, data: unknown) => void,
) => void;

/** Node reports only "socket hang up" when the Engine closes; our own errors and Docker's answers stay as they are. */
const explained = (host: string, error: Failure, reason: string): Error =>
  ["ECONNRESET", "EPIPE", "ABORT_ERR"].includes(error.code ?? "")
    ? new UserError(`Docker Engine ${reason}`, { host, hint: "journalctl -u docker --since -10m" })
    : error;

/** The answer of Docker, or undefined where it is 404 (not found). */
export const ifExists = async <T>(answer: Promise<T>): Promise<T | undefined> => {
  try {
    return await answer;
  } catch (error) {
    if ((error as { statusCode?: number }).statusCode === 404) return undefined;
    throw error;
  }
};

/** A socket for an http.Agent that exists at once and opens later; a failure of `open` is its error. */
const deferredSocket = (open: () => Promise<Duplex>): Duplex => {
  let opened: Duplex | undefined;
  const socket = new Duplex({
    // When the Engine has closed its side, an idle socket leaves the agent, as a net.Socket does: sshd keeps the other side open, and a
    // request written there has no answer.
    allowHalfOpen: false,
    construct: (done) => {
      open().then((inner) => {
        opened = inner;
        inner.on("data", (chunk) => socket.push(chunk) || inner.pause());
        inner.on("error", (error) => socket.destroy(error));
        inner.once("end", () => socket.push(null));
        inner.once("close", () => {
          if (!inner.readableEnded) socket.push(null);
          // What came before the close must still be read.
          if (socket.readableLength === 0) socket.destroy();
          else socket.once("end", () => socket.destroy());
        });
        done();
      }, done);
    },
    read: () => opened?.resume(),
    write: (chunk, encoding, done) => opened?.write(chunk, encoding, done),
    final: (done) => {
      opened?.end();
      done();
    },
    destroy: (error, done) => {
      opened?.destroy();
      done(error);
    },
  });
  // Methods of a net.Socket that http calls, without a meaning here.
  const itself = () => socket;
  return Object.assign(socket, {
    setKeepAlive: itself,
    setNoDelay: itself,
    setTimeout: itself,
    ref: itself,
    unref: itself,
  });
};
