import { basename, dirname, resolve } from "node:path";
import { className, defaultQuota, device, domain, fileSize, host } from "../../config/schema.js";
import { email } from "../../config/schema/tls.js";
import { classNameNear } from "../../config/values/names.js";
import { bytesFrom, bytesText } from "../../config/values/units.js";
import { UserError, exitCode } from "../../errors.js";

/** The flags of `swarmhub init`; `config` is the file to write. */
export type InitOptions = {
  config: string;
  name?: string;
  manager?: string;
  worker?: readonly string[];
  device?: string;
  file?: string;
  domain?: string;
  letsencrypt?: string;
};

/** The terminal of init: `ask` resolves to the line that the user typed, or to undefined without a terminal. */
export type InitIo = {
  ask: (question: string) => Promise<string | undefined>;
  write: (line: string) => void;
};

/** The values of the file, each one checked. */
export type Answers = {
  name: string;
  domain?: string;
  /** The e-mail address for Let's Encrypt. */
  letsencrypt?: string;
  manager: string;
  workers: string[];
  backing: { device: string } | { file: string; quota: string };
};

/** Reads the flags and asks for missing values; with a manager and a device or file it asks nothing. Throws a UserError (usage). */
export const answers = async (options: InitOptions, io: InitIo): Promise<Answers> => {
  checkFlags(options);
  const storageFlag = options.device ?? options.file;
  const isEnough = options.manager !== undefined && storageFlag !== undefined;
  const workerFlags = options.worker ?? (isEnough ? [] : undefined);
  const manager = options.manager ?? (await askUntil(io, managerQuestion, checkedHost, "local"));
  const workers = workerFlags ?? (await askUntil(io, workersQuestion, checkedHosts, ""));
  const storage = storageFlag ?? (await askUntil(io, storageQuestion, checkedStorage, "20G"));
  return {
    name: options.name ?? nameFrom(options),
    ...(options.domain !== undefined && { domain: options.domain }),
    ...(options.letsencrypt !== undefined && { letsencrypt: options.letsencrypt }),
    manager,
    workers: [...workers],
    backing: storage.startsWith("/")
      ? { device: storage }
      : { file: storage, quota: quotaFor(storage) },
  };
};

const managerQuestion =
  "Manager, which runs the hub: its SSH destination, or local for this machine (Enter: local)";
const workersQuestion =
  "Workers, which run the users' servers: their SSH destinations, separated by spaces (Enter: none, the manager runs them)";
const storageQuestion =
  "Storage for the homes: a blank disk of the manager such as /dev/vdb, or the size of a file on its root disk such as 40G (Enter: 20G)";

type Check<T> = (text: string) => { value: T } | { complaint: string };

const checkFlags = (options: InitOptions): void => {
  const flags: [string, Checkable, string | undefined][] = [
    ["--name", className, options.name],
    ["--domain", domain, options.domain],
    ["--letsencrypt", email, options.letsencrypt],
    ["--manager", host, options.manager],
    ...(options.worker ?? []).map((one): [string, Checkable, string] => ["--worker", host, one]),
    ["--device", device, options.device],
    ["--file", fileSize, options.file],
  ];
  const complaints = flags.flatMap(([flag, schema, value]) => {
    const complaint = value === undefined ? undefined : complaintAbout(schema, value);
    return complaint === undefined ? [] : [`${flag} ${complaint}`];
  });
  if (options.device !== undefined && options.file !== undefined)
    complaints.push("--device and --file exclude each other: the homes are on one of the two");
  if (options.letsencrypt !== undefined && options.domain === undefined)
    complaints.push("--letsencrypt needs --domain: a certificate is for a domain name");
  if (complaints.length > 0) throw usage(complaints.join("\n"));
};

type Checkable = {
  safeParse: (value: unknown) => { error?: { issues: { message: string }[] } | undefined };
};

const complaintAbout = (schema: Checkable, value: string): string | undefined =>
  schema.safeParse(value).error?.issues[0]?.message;

const attempts = 5;

const askUntil = async <T>(
  { ask, write }: InitIo,
  question: string,
  check: Check<T>,
  byDefault: string,
): Promise<T> => {
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const line = await ask(question);
    if (line === undefined) throw usage("no terminal: pass --manager and --device or --file");
    const result = check(line.trim() || byDefault);
    if ("value" in result) return result.value;
    write(`The answer ${result.complaint}`);
  }
  throw usage(`no valid answer after ${attempts} attempts, and no file was written`);
};

const usage = (message: string): UserError =>
  new UserError(message, {
    hint: "type for example `swarmhub init --manager debian@203.0.113.10 --worker debian@203.0.113.11 --device /dev/vdb`",
    code: exitCode.usage,
  });

const checkedBy =
  (schema: Checkable): Check<string> =>
  (text) => {
    const complaint = complaintAbout(schema, text);
    return complaint === undefined ? { value: text } : { complaint };
  };

const checkedHost = checkedBy(host);

const checkedHosts: Check<string[]> = (text) => {
  const value = text.split(/[\s,]+/).filter((word) => word !== "");
  const complaint = value
    .map((word) => complaintAbout(host, word))
    .find((one) => one !== undefined);
  return complaint === undefined ? { value } : { complaint };
};

const checkedStorage: Check<string> = (text) =>
  checkedBy(text.startsWith("/") ? device : fileSize)(text);

const nameFrom = ({ config, domain: domainName }: InitOptions): string =>
  classNameNear(domainName?.split(".")[0] ?? basename(dirname(resolve(config))));

// Ten full homes fit into the file, and no quota exceeds the default one.
const quotaFor = (file: string): string => {
  const megabyte = bytesFrom("1M");
  const tenth = Math.floor(bytesFrom(file) / 10 / megabyte) * megabyte;
  return bytesText(Math.min(defaultQuota, tenth));
};
