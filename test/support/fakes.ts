import { readFileSync } from "node:fs";
import type { Cluster } from "../../src/cluster/cluster.js";
import type { Bytes, Config, PersistentStorage } from "../../src/config/types.js";
import type { Docker } from "../../src/docker/client.js";
import { CommandError, type Output, UserError } from "../../src/errors.js";
import type { Facts } from "../../src/host/facts.js";
import { factsFrom } from "../../src/host/facts/parse.js";
import type { Host } from "../../src/host/host.js";
import type { Event, Report } from "../../src/reconcile/event.js";

/** What a fake host answers: its stdout, a whole output, or a function of what was asked. */
type Answer = string | Partial<Output> | ((asked: string) => string | Partial<Output>);

/** A host without a machine, and what was asked of it: "run argv…", "script text", "write path". */
export type FakeHost = Host & {
  asked: string[];
  /** What was written, by path. */
  files: Map<string, string>;
  forgotten: number;
};

/** What a fake host knows. The first answer whose key is in the command counts, or whose pattern fits it. */
export type FakeHostOptions = {
  answers?: readonly (readonly [RegExp | string, Answer])[];
  facts?: Facts | (() => Facts);
  docker?: Partial<Docker>;
};

/** A host that fails by its name when something unforeseen is asked of it. */
export const fakeHost = (name: string, options: FakeHostOptions = {}): FakeHost => {
  const { answers = [], facts, docker = {} } = options;
  const asked: string[] = [];
  const files = new Map<string, string>();
  const answer = async (kind: string, text: string): Promise<string> => {
    asked.push(`${kind} ${text}`);
    const found = answers.find(([key]) =>
      typeof key === "string" ? text.includes(key) : key.test(text),
    );
    if (found === undefined) throw new Error(`fake host ${name} did not foresee: ${kind} ${text}`);
    const said = typeof found[1] === "function" ? found[1](text) : found[1];
    const output: Output = {
      code: 0,
      stdout: "",
      stderr: "",
      ...(typeof said === "string" ? { stdout: said } : said),
    };
    if (output.code !== 0) throw new CommandError(name, text, output);
    return output.stdout;
  };
  const host: FakeHost = {
    name,
    asked,
    files,
    forgotten: 0,
    docker: unforeseen(`fake host ${name}: docker`, docker) as Docker,
    run: (argv) => answer("run", argv.join(" ")),
    script: (text) => answer("script", text),
    write: async (path, content) => {
      asked.push(`write ${path}`);
      files.set(path, typeof content === "string" ? content : Buffer.from(content).toString());
    },
    remember: (_what, look) => look(),
    facts: async () => {
      if (facts === undefined) throw new Error(`fake host ${name} was given no facts`);
      return typeof facts === "function" ? facts() : facts;
    },
    forget: () => {
      host.forgotten += 1;
    },
    close: async () => {},
  };
  return host;
};

/** A configuration that is valid, with the changes that a test needs. */
export const fakeConfig = (changes: Partial<Config> = {}): Config => ({
  name: "geo-101",
  otherNames: [],
  manager: { destination: "manager" },
  workers: [],
  storage: {
    kind: "persistent",
    backing: { kind: "device", path: "/dev/vdb" },
    quota: { default: (5 * 2 ** 30) as Bytes, groups: {} },
    files: 200_000,
    trashDays: 30,
  },
  tls: { kind: "self-signed" },
  login: { sharedPassword: { kind: "generated" }, admins: ["ada"], groups: {} },
  servers: {
    image: "quay.io/jupyter/scipy-notebook:2026-11-02",
    strategy: "spread",
    memory: (2 ** 30) as Config["servers"]["memory"],
    cpu: 1,
    images: [],
  },
  engine: { registryMirrors: [] },
  ...changes,
});

/** The machines of a class as `connect` would order them. Storage is the manager unless one is given. */
export const fakeCluster = <H extends Host>(
  manager: H,
  workers: readonly H[] = [],
  {
    storage = manager,
    config = {},
    secrets = new Map(),
  }: { storage?: H; config?: Partial<Config>; secrets?: ReadonlyMap<string, string> } = {},
): Cluster & { manager: H; workers: readonly H[]; hosts: readonly H[] } => ({
  config: fakeConfig({
    workers: workers.map(({ name }) => ({ destination: name })),
    ...config,
  }),
  secrets,
  manager,
  workers,
  storage: config.storage?.kind === "temporary" ? undefined : storage,
  hosts: [...new Set([manager, ...workers, storage])],
  nodes: [manager, ...workers],
  seatHosts: workers.length === 0 ? [manager] : workers,
});

/** What a blank Debian 13 guest answered to the script of facts, with the changes that a test needs. */
export const fakeFacts = (changes: Partial<Facts> = {}): Facts => ({
  ...factsFrom(readFileSync("test/fixtures/facts-debian-13.txt", "utf8")),
  ...changes,
});

/** Homes that are kept, with the changes that a test needs. */
export const keptStorage = (changes: Partial<PersistentStorage> = {}): PersistentStorage => ({
  ...(fakeConfig().storage as PersistentStorage),
  ...changes,
});

/** A class of a manager and a worker at 10.0.0.1 and 10.0.0.2, each with Docker at work. */
export const twoMachines = (docker: (name: string) => Partial<Docker>): Cluster => {
  const host = (name: string, address: string) =>
    fakeHost(name, {
      docker: docker(name),
      facts: fakeFacts({
        machineId: `id-${name}`,
        units: { "docker.service": "active" },
        addresses: [{ device: "eth0", address, prefix: 24, mtu: 1500 }],
      }),
    });
  return fakeCluster(host("manager", "10.0.0.1"), [host("worker", "10.0.0.2")]);
};

/** A report that keeps what it is told. */
export const fakeReport = (): Report & { events: Event[] } => {
  const events: Event[] = [];
  return { events, event: (event) => void events.push(event), close: () => {} };
};

/** A clock that goes forward by so many milliseconds at each look. */
export const fakeClock = (tick = 1): (() => number) => {
  let now = 0;
  return () => (now += tick);
};

/** The UserError that the work ends in; anything else fails the test. */
export const userError = async (work: Promise<unknown>): Promise<UserError> => {
  const error: unknown = await work.then(
    () => new Error("it went well"),
    (reason: unknown) => reason,
  );
  if (error instanceof UserError) return error;
  throw new Error("expected a UserError", { cause: error });
};

/** Waits for a condition over turns of the event loop; fails after many. */
export const eventually = async (condition: () => boolean): Promise<void> => {
  for (let turn = 0; turn < 10_000; turn += 1) {
    if (condition()) return;
    await new Promise(setImmediate);
  }
  throw new Error("what was waited for did not come");
};

/** The given members, and an error that names any other that is asked for. */
const unforeseen = (what: string, members: object): object =>
  new Proxy(members, {
    get: (target, key) => {
      if (key in target) return Reflect.get(target, key) as unknown;
      if (typeof key === "symbol" || key === "then" || key === "toJSON") return undefined;
      throw new Error(`${what}.${key} was not foreseen`);
    },
  });
