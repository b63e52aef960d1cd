import { Agent } from "node:http";
import { Duplex } from "node:stream";
import { inspect } from "node:util";
import Dockerode from "dockerode";
import { UserError } from "../errors.js";
import { NoSocketError } from "../transport/socket/types.js";

/** A Docker Engine's API. */
export type Docker = Dockerode;

/**
 * Docker's API over sockets that `open` makes, at most 6 at once, kept for the next call. `host` is for the errors.
 * A call that is not answered in time (milliseconds) ends in a UserError.
 */
export const dockerOver = (
  host: string,
  open: () => Promise<Duplex>,
  deadlineMs = 5 * 60_000,
): Docker => {
  // Fewer than the 8 that ssh.ts runs at once: where each socket is a session, commands must still get through.
  const agent = new Agent({ keepAlive: true, maxSockets: 6, maxFreeSockets: 6 });
  // maxSockets counts only sockets that createConnection returns at once, hence a late one.
  // docker-modem inspects its options without a limit of depth on each request, debugging or not:
  // with live SSH channels under the agent, 100 calls took 48 s.
  Object.assign(agent, {
    createConnection: () => deferredSocket(open),
    [inspect.custom]: () => "Agent on a host's sockets",
  });
  // No `version`: the paths without one are answered in the Engine's own, so that old and new ones serve us.
  // What is undefined here would else come from DOCKER_HOST and the like in the operator's environment.
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
  const modem = docker.modem as { dial: Dial };
  const dial = modem.dial.bind(modem);
  modem.dial = (options, answer) => {
    const silent = new AbortController();
    // A container may be waited for as long as it runs.
    const isPatient = options.abortSignal !== undefined || /\/wait\b/.test(options.path);
    const timer = isPatient ? undefined : setTimeout(() => silent.abort(), deadlineMs);
    dial(isPatient ? options : { ...options, abortSignal: silent.signal }, (error, data) => {
      clearTimeout(timer);
      const why = silent.signal.aborted
        ? `did not answer within ${deadlineMs / 1000} s`
        : "broke the connection off";
      answer(error && explained(host, error, why), data);
    });
  };
  return docker;
};

type Failure = Error & { code?: string };
type Dial = (
  options: { path: string; abortSignal?: AbortSignal },
  answer: (error: Failure | null, data: unknown) => void,
) => void;

/** Node says only "socket hang up" where the other end closes; our own errors and Docker's answers stay as they are. */
const explained = (host: string, error: Failure, why: string): Error =>
  ["ECONNRESET", "EPIPE", "ABORT_ERR"].includes(error.code ?? "")
    ? new UserError(`Docker Engine ${why}`, { host, hint: "journalctl -u docker --since -10m" })
    : error;

/** Whether a Docker Engine answers. Throws where the machine itself is lost. */
export const ping = async (docker: Docker): Promise<boolean> => {
  try {
    await docker.ping();
    return true;
  } catch (error) {
    if (error instanceof NoSocketError) return false;
    throw error;
  }
};

/** What Docker answered, or undefined where it says 404. */
export const absent = async <T>(answer: Promise<T>): Promise<T | undefined> => {
  try {
    return await answer;
  } catch (error) {
    if ((error as { statusCode?: number }).statusCode === 404) return undefined;
    throw error;
  }
};

/** A socket that is there at once and opens by and by; its error is that of `open`. Fit for an http.Agent. */
const deferredSocket = (open: () => Promise<Duplex>): Duplex => {
  let opened: Duplex | undefined;
  const socket = new Duplex({
    construct: (done) => {
      open().then((inner) => {
        opened = inner;
        inner.on("data", (chunk) => socket.push(chunk) || inner.pause());
        inner.on("error", (error) => socket.destroy(error));
        inner.once("end", () => socket.push(null));
        inner.once("close", () => {
          if (!inner.readableEnded) socket.push(null);
          // What came before the close is still to be read.
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
  // What http calls on a net.Socket and has no meaning here.
  const itself = () => socket;
  return Object.assign(socket, {
    setKeepAlive: itself,
    setNoDelay: itself,
    setTimeout: itself,
    ref: itself,
    unref: itself,
  });
};
