import { access, unlink, writeFile } from "node:fs/promises";
import Handlebars from "handlebars";
import { stringify } from "yaml";
import { configFrom, loadConfig } from "../config/load.js";
import { UserError, exitCode, reasonsOf } from "../errors.js";
import { readAsset } from "../operator/assets.js";
import { type Answers, type InitIo, type InitOptions, answers } from "./init/answers.js";

/** Writes a short swarmhub.yaml from flags and answers; an existing file stays as it is. Throws a UserError (usage). */
export const init = async (options: InitOptions, io: InitIo): Promise<void> => {
  const path = options.config;
  if (await exists(path)) throw thereAlready(path);
  const text = fileText(await answers(options, io));
  checkTogether(text, path);
  await create(path, text);
  await loadConfig(path);
  const flag = path === "swarmhub.yaml" ? "" : ` --config ${path}`;
  io.write(`${path} is written. Look at it, then type:`);
  io.write(`  swarmhub check${flag}   looks at the machines and changes nothing`);
  io.write(`  swarmhub up${flag}      makes the class`);
};

// Before it is written: a refused file would stand in the way of the next try.
const checkTogether = (text: string, path: string): void => {
  try {
    configFrom(text, path);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const complaints = reasonsOf(error);
    const why = "the answers do not fit together, and nothing was written";
    throw new UserError([`${why}:`, ...complaints].join("\n  "), {
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
  let ours = false;
  try {
    await writeFile(path, "", { flag: "wx" });
    ours = true;
    await writeFile(path, text);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST") throw thereAlready(path);
    if (ours) await unlink(path).catch(() => undefined);
    const why = code === "ENOENT" ? "its folder does not exist" : (code ?? String(error));
    throw new UserError(`${path} cannot be written: ${why}`, {
      hint: "name another place",
      code: exitCode.usage,
    });
  }
};

const thereAlready = (path: string): UserError =>
  new UserError(`${path} is there already, and init overwrites nothing`, {
    hint: `change it by hand, or move it away: mv ${path} ${path}.old`,
    code: exitCode.usage,
  });
