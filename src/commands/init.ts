import { access, unlink, writeFile } from "node:fs/promises";
import Handlebars from "handlebars";
import { stringify } from "yaml";
import { configFrom, loadConfig } from "../config/load.js";
import { UserError, exitCode, reasonsOf } from "../errors.js";
import { readAsset } from "../operator/assets.js";
import { type Answers, type InitIo, type InitOptions, answers } from "./init/answers.js";

/** Writes a short swarmhub.yaml from flags and answers; never overwrites a file. Throws a UserError (usage). */
export const init = async (options: InitOptions, io: InitIo): Promise<void> => {
  const path = options.config;
  if (await exists(path)) throw alreadyExists(path);
  const text = fileText(await answers(options, io));
  checkBetweenKeys(text, path);
  await create(path, text);
  await loadConfig(path);
  const flag = path === "swarmhub.yaml" ? "" : ` --config ${path}`;
  io.write(`Wrote ${path}. Read it, then type:`);
  io.write(`  swarmhub check${flag}   check the machines without changing them`);
  io.write(`  swarmhub up${flag}      set up the class`);
};

// Before the file is written, as an invalid file would block the next `swarmhub init`.
const checkBetweenKeys = (text: string, path: string): void => {
  try {
    configFrom(text, path);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const problem = "the answers conflict with each other, and no file was written:";
    throw new UserError([problem, ...reasonsOf(error)].join("\n  "), {
      hint: "type `swarmhub init` again",
      code: exitCode.usage,
    });
  }
};

const fileText = ({ name, domain, letsencrypt, manager, workers, backing }: Answers): string =>
  Handlebars.compile(readAsset("templates/init.yaml.hbs"), { strict: true, noEscape: true })({
    name: yaml(name),
    domain: domain && yaml(domain),
    letsencrypt: letsencrypt && yaml(letsencrypt),
    manager: yaml(manager),
    workers: yaml(workers),
    device: "device" in backing && yaml(backing.device),
    file: "file" in backing && yaml(backing.file),
    quota: "file" in backing ? yaml(backing.quota) : "5G",
  });

const yaml = (value: string | readonly string[]): string =>
  stringify(value, {
    collectionStyle: "flow",
    flowCollectionPadding: false,
    lineWidth: 0,
  }).trimEnd();

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

const create = async (path: string, text: string): Promise<void> => {
  let isOurs = false;
  try {
    await writeFile(path, "", { flag: "wx" });
    isOurs = true;
    await writeFile(path, text);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST") throw alreadyExists(path);
    if (isOurs) await unlink(path).catch(() => undefined);
    const problem = code === "ENOENT" ? "its folder does not exist" : (code ?? String(error));
    throw new UserError(`${path} cannot be written: ${problem}`, {
      hint: "type another path after --config",
      code: exitCode.usage,
    });
  }
};

const alreadyExists = (path: string): UserError =>
  new UserError(`${path} already exists, and init never overwrites a file`, {
    hint: `edit it by hand, or move it: mv ${path} ${path}.old`,
    code: exitCode.usage,
  });
