import { basename, dirname, resolve } from "node:path";
import { className, defaultQuota, device, domain, fileSize, host } from "../../config/schema.js";
import { email } from "../../config/schema/tls.js";
import { classNameNear } from "../../config/values/names.js";
import { bytesFrom, bytesText } from "../../config/values/units.js";
import { UserError, exitCode } from "../../errors.js";

/** What `swarmhub init` was told by flags; `config` is the file to write. */
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

/** How init talks: `ask` answers the line that was typed, or undefined where nobody sits at a terminal. */
export type InitIo = {
  ask: (question: string) => Promise<string | undefined>;
  write: (line: string) => void;
};

/** All that the file is made of, each checked by itself. */
export type Answers = {
  name: string;
  domain?: string;
  /** The e-mail address for Let's Encrypt. */
  letsencrypt?: string;
  manager: string;
  workers: string[];
  backing: { device: string } | { file: string; quota: string };
};

/** Takes the flags, and asks for what they leave open; a manager and a place for the homes are enough. Throws a UserError (usage) for a flag that cannot be. */
export const answers = async (options: InitOptions, io: InitIo): Promise<Answers> => {
  checkFlags(options);
  const manager = options.manager ?? (await askUntil(io, managerQuestion, checkedHost, "local"));
  const placeGiven = options.device ?? options.file;
  const enough = options.manager !== undefined && placeGiven !== undefined;
  const given = options.worker ?? (enough ? [] : undefined);
  const workers = given ?? (await askUntil(io, workersQuestion, checkedHosts, ""));
  const place = placeGiven ?? (await askUntil(io, placeQuestion, checkedPlace, "20G"));
  return {
    name: options.name ?? nameFrom(options),
    ...(options.domain !== undefined && { domain: options.domain }),
    ...(options.letsencrypt !== undefined && { letsencrypt: options.letsencrypt }),
    manager,
    workers: [...workers],
    backing: place.startsWith("/") ? { device: place } : { file: place, quota: share(place) },
  };
};

const managerQuestion =
  "The manager runs the hub: what do you type after ssh to reach it? (Enter: local, the machine you sit at)";
const workersQuestion =
  "The workers run the users' servers: the same for each, with spaces between (Enter: none, the manager does it)";
const placeQuestion =
  "The homes: a blank disk of the manager such as /dev/vdb, or the size of a file on its root disk such as 40G (Enter: 20G)";

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
    complaints.push("--device and --file are both given, but the homes lie on one of the two");
  if (options.letsencrypt !== undefined && options.domain === undefined)
    complaints.push("--letsencrypt needs --domain: certificates are for names");
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
  preset: string,
): Promise<T> => {
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const typed = await ask(question);
    if (typed === undefined) throw usage("nobody is here to answer, so that init needs its flags");
    const checked = check(typed.trim() === "" ? preset : typed.trim());
    if ("value" in checked) return checked.value;
    write(`That ${checked.complaint}.`);
  }
  throw usage(`no answer fits after ${attempts} tries, and nothing was written`);
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

const checkedPlace: Check<string> = (text) =>
  checkedBy(text.startsWith("/") ? device : fileSize)(text);

const nameFrom = ({ config, domain: given }: InitOptions): string =>
  classNameNear(given?.split(".")[0] ?? basename(dirname(resolve(config))));

// Ten full homes fit into the file, and no home is larger than by default.
const share = (file: string): string => {
  const megabyte = bytesFrom("1M");
  const tenth = Math.floor(bytesFrom(file) / 10 / megabyte) * megabyte;
  return bytesText(Math.min(defaultQuota, tenth));
};
