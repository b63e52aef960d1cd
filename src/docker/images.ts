import type { Readable } from "node:stream";
import { StringDecoder } from "node:string_decoder";
import type Dockerode from "dockerode";
import { UserError } from "../errors.js";

/** A pull, a push or a build ends when Docker sends nothing for so long; milliseconds. */
const idleDeadline = 10 * 60_000;

/** How to pull: with a login of the registry, which the Engine gets with this request and does not store. */
type PullOptions = {
  login?: Dockerode.AuthConfig | undefined;
  signal?: AbortSignal | undefined;
  idleMs?: number;
};

/** Pulls an image and reports its progress ("40 %"). Throws UserError with the registry's message. */
export const pullImage = async (
  docker: Dockerode,
  reference: string,
  onProgress: (text: string) => void = () => {},
  { login, signal, idleMs = idleDeadline }: PullOptions = {},
): Promise<void> => {
  const layers = new Map<string, { loaded: number; unpacked: number; total: number }>();
  let shown = -1;
  const update = ({ id, status, progressDetail }: Message): void => {
    if (id === undefined || status === undefined) return;
    const layer = layers.get(id) ?? { loaded: 0, unpacked: 0, total: 0 };
    layers.set(id, layer);
    layer.total = progressDetail?.total ?? layer.total;
    const current = progressDetail?.current ?? layer.total;
    if (status === "Downloading") layer.loaded = current;
    if (status === "Extracting") [layer.loaded, layer.unpacked] = [layer.total, current];
    if (status === "Download complete") layer.loaded = layer.total;
    if (status === "Pull complete") [layer.loaded, layer.unpacked] = [layer.total, layer.total];
    const percent = percentOf([...layers.values()]);
    if (percent <= shown) return;
    shown = percent;
    onProgress(`${percent} %`);
  };
  const start = (silent: AbortSignal) =>
    docker.pull(withTag(reference), {
      abortSignal: anyOf(silent, signal),
      ...(login !== undefined && { authconfig: login }),
    });
  for await (const message of follow(`cannot pull ${reference}`, idleMs, start)) update(message);
};

/** Pushes a tag of an image to its registry, without a password, and reports its progress ("3 of 5 layers"). Throws UserError. */
export const pushImage = async (
  docker: Dockerode,
  repository: string,
  tag: string,
  onProgress: (text: string) => void = () => {},
  idleMs = idleDeadline,
): Promise<void> => {
  const layers = new Map<string, boolean>();
  let shown = "";
  const start = (abortSignal: AbortSignal) =>
    // Engines before 23 require a header with credentials, which may be empty.
    docker.getImage(repository).push({ tag, authconfig: {}, abortSignal });
  for await (const message of follow(`cannot push ${repository}:${tag}`, idleMs, start)) {
    const { id, status = "" } = message;
    if (id === undefined || id === tag) continue;
    layers.set(id, /^(Pushed|Layer already exists|Mounted from)/.test(status));
    const pushed = [...layers.values()].filter(Boolean).length;
    const text = `${pushed} of ${layers.size} layers`;
    if (text !== shown) onProgress(text);
    shown = text;
  }
};

/** What to build, and a callback for each line that the build prints. */
type BuildOptions = {
  tag: string;
  /** The Dockerfile's stage. */
  target?: string;
  labels?: Record<string, string>;
  /** Values of `ARG`; those of proxies need none, and are not in the image. */
  buildargs?: Record<string, string>;
  onLine?: (line: string) => void;
  /** The logins for base images that the builder pulls, by registry. */
  logins?: Dockerode.RegistryConfig;
  signal?: AbortSignal | undefined;
  idleMs?: number;
};

/** Builds an image from a tar of its context with the Engine's own builder. Throws UserError with the last 20 lines. */
export const buildImage = async (
  docker: Dockerode,
  context: Readable | Buffer,
  { tag, target, labels, onLine, logins, signal, idleMs = idleDeadline, ...more }: BuildOptions,
): Promise<void> => {
  const last: string[] = [];
  let rest = "";
  const add = (text: string): void => {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) onLine?.(line);
    last.push(...lines.filter((line) => line.trim() !== ""));
    last.splice(0, last.length - 20);
  };
  const finish = () => {
    if (rest !== "") add("\n");
  };
  const start = (silent: AbortSignal) =>
    // The types have no Buffer here; the request sends one unchanged.
    docker.buildImage(context as Readable, {
      t: tag,
      // Every Engine has this builder; BuildKit needs a session that stays open during the request.
      version: "1",
      labels: labels ?? {},
      forcerm: true,
      ...(target === undefined ? {} : { target }),
      ...more,
      ...(logins === undefined ? {} : { registryconfig: logins }),
      abortSignal: anyOf(silent, signal),
    });
  const lastLines = () => {
    finish();
    return last;
  };
  for await (const { stream } of follow(`cannot build ${tag}`, idleMs, start, lastLines))
    if (stream !== undefined) add(stream);
  finish();
};

/** The Engine stops what it does when the request ends. */
const anyOf = (silent: AbortSignal, signal: AbortSignal | undefined): AbortSignal =>
  signal === undefined ? silent : AbortSignal.any([silent, signal]);

type Message = {
  error?: string;
  stream?: string;
  id?: string;
  status?: string;
  progressDetail?: { current?: number; total?: number };
};

/** The messages of an answer as they come. Throws UserError with Docker's message, or its silence, and `lastLines`. */
const follow = async function* (
  title: string,
  idleMs: number,
  start: (signal: AbortSignal) => Promise<NodeJS.ReadableStream>,
  lastLines: () => readonly string[] = () => [],
) {
  const silent = new AbortController();
  const timer = setTimeout(() => silent.abort(), idleMs);
  try {
    for await (const line of linesOf(await start(silent.signal), () => timer.refresh())) {
      const message = JSON.parse(line) as Message;
      if (message.error !== undefined) throw new UserError(message.error);
      yield message;
    }
  } catch (error) {
    // An error about a lost host stays as it is.
    if (error instanceof UserError && error.name !== "UserError") throw error;
    const reason = silent.signal.aborted
      ? `no message from Docker for ${idleMs / 1000} s`
      : reasonOf(error as Error);
    throw new UserError([`${title}: ${reason}`, ...lastLines()].join("\n  "), {
      hint: /unauthorized|no basic auth|authentication required|denied: /i.test(reason)
        ? "if the image is not public, write user and password of its registry into `registries` in swarmhub.yaml"
        : undefined,
    });
  } finally {
    clearTimeout(timer);
  }
};

/** docker-modem puts "(HTTP code 404) no such image - " before Docker's message. */
const reasonOf = ({ message }: Error): string =>
  message.replace(/^\(HTTP code \d+\) .*? - /, "").trim();

const linesOf = async function* (stream: NodeJS.ReadableStream, onChunk: () => void) {
  const decoder = new StringDecoder("utf8");
  let rest = "";
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    onChunk();
    const lines = (rest + decoder.write(chunk)).split("\n");
    rest = lines.pop() ?? "";
    yield* lines.filter((line) => line.trim() !== "");
  }
  if (rest.trim() !== "") yield rest;
};

/** Each layer counts twice, for its download and its extraction. */
const percentOf = (layers: { loaded: number; unpacked: number; total: number }[]): number => {
  const sum = (of: (layer: (typeof layers)[number]) => number) =>
    layers.reduce((total, layer) => total + of(layer), 0);
  const all = sum(({ total }) => total) * 2;
  return all === 0 ? 0 : Math.floor((sum(({ loaded, unpacked }) => loaded + unpacked) / all) * 100);
};

/** Without a tag Docker would pull every tag of the name. */
const withTag = (reference: string): string =>
  /[:@]/.test(reference.slice(reference.lastIndexOf("/") + 1)) ? reference : `${reference}:latest`;
