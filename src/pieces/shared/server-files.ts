import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { Cluster } from "../../cluster/cluster.js";
import type { Config } from "../../config/types.js";
import { UserError, exitCode } from "../../errors.js";
import { labelFilter, serverFilePrefix } from "../../names.js";
import { readAsset } from "../../operator/assets.js";
import { classServices } from "../../swarm/list.js";
import { managerDocker } from "../../swarm/membership.js";

/** A file that every user's server has: its place, and the Swarm config with its content. */
type ServerFile = { path: string; name: string; content: Buffer };

/** A Swarm config of the class; a service that uses one keeps it. */
export type StoredFile = { id: string; name: string; isUsed: boolean };

/** The wanted files, or the error in one on the operator's machine; and the Swarm configs of the class. */
export type ServerFiles = { wanted: ServerFile[] | UserError; stored: StoredFile[] };

/** Inspects the files of users' servers. */
export const inspectServerFiles = async (cluster: Cluster): Promise<ServerFiles> => {
  const [wanted, stored] = await Promise.all([
    wantedFiles(cluster.config).catch(asUserError),
    storedFiles(cluster),
  ]);
  return { wanted, stored };
};

const asUserError = (error: unknown): UserError => {
  if (error instanceof UserError) return error;
  throw error;
};

const wantedFiles = async ({ name, servers }: Config): Promise<ServerFile[]> => {
  const given = await Promise.all(
    servers.files.map(async ({ path, source }) => ({ path, content: await read(source) })),
  );
  const language = servers.language === undefined ? [] : [languageFile(servers.language)];
  return [...given, ...language, ...extensionFiles()].map(({ path, content }) => ({
    path,
    content,
    name: `${serverFilePrefix(name)}${createHash("sha256").update(content).digest("hex").slice(0, 16)}`,
  }));
};

/** Swarm takes no more for a config, and no empty one (moby, daemon/cluster/configs.go). */
const maximum = 500 * 1024;

const read = async (source: string): Promise<Buffer> => {
  const refuse = (why: string, hint: string): UserError =>
    new UserError(`servers.files: ${source} ${why}`, { hint, code: exitCode.usage });
  const content = await readFile(source).catch((error: NodeJS.ErrnoException) => {
    throw refuse(
      error.code === "ENOENT" ? "does not exist" : `cannot be read (${error.code})`,
      "write the path of a file, relative to swarmhub.yaml",
    );
  });
  if (content.length > maximum)
    throw refuse(
      `has ${Math.ceil(content.length / 1000)} kB, more than 500 kB`,
      "put large files into the image, or into the homes with servers: {skeleton: ./FOLDER}",
    );
  if (content.length === 0) throw refuse("is empty", "delete the line, or write something into it");
  return content;
};

/** JupyterLab reads defaults of its settings there (jupyterlab_server/settings_utils.py), whatever the image. */
const languageFile = (language: string): { path: string; content: Buffer } => ({
  path: "/etc/jupyter/labconfig/default_setting_overrides.json",
  content: Buffer.from(
    `${JSON.stringify({ "@jupyterlab/translation-extension:plugin": { locale: language } })}\n`,
  ),
});

/**
 * The extension that shows announcements in JupyterLab. Among the folders of the system, which Jupyter reads in every image and
 * whatever JUPYTER_PATH is (jupyter_core/paths.py, SYSTEM_JUPYTER_PATH): that variable belongs to the image and to the class.
 */
const extensionFiles = (): { path: string; content: Buffer }[] =>
  [
    ["package.json", `${extension}/package.json`],
    ["class.js", `${extension}/static/class.js`],
    // JupyterLab would ask every student whether to show news of the Jupyter project. Beside the image's own file of this kind.
    ["settings.json", "/usr/local/etc/jupyter/labconfig/default_setting_overrides.d/swarmhub.json"],
  ].map(([name, path = ""]) => ({
    path,
    content: Buffer.from(readAsset(`hub/labextension/${name}`)),
  }));

const extension = "/usr/local/share/jupyter/labextensions/swarmhub-class";

const storedFiles = async (cluster: Cluster): Promise<StoredFile[]> => {
  if ((await managerDocker(cluster)) === undefined) return [];
  const { manager, config } = cluster;
  const filters = { label: labelFilter(config.name) };
  const [all, services] = await Promise.all([
    manager.remember("configs", () => manager.docker.listConfigs({ filters })),
    classServices(cluster),
  ]);
  const used = new Set(
    services.flatMap(({ Spec }) => configsOf(Spec.TaskTemplate?.ContainerSpec?.["Configs"])),
  );
  return all.map(({ ID: id, Spec }) => ({ id, name: Spec?.Name ?? "", isUsed: used.has(id) }));
};

const configsOf = (configs: unknown): string[] =>
  (Array.isArray(configs) ? configs : []).map(({ ConfigID }: { ConfigID: string }) => ConfigID);
