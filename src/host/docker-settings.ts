import { paths } from "../paths.js";

/** The content of Docker's daemon.json. */
export type DockerSettings = Record<string, unknown>;

/** The part of a machine's facts that says how its Docker is set. */
export type DockerFacts = { files: Record<string, string>; dockerFlags?: DockerSettings };

/** The settings in a daemon.json: {} if it is missing or empty, undefined if it cannot be parsed. */
export const settingsFrom = (content: string | undefined): DockerSettings | undefined => {
  if (content === undefined || content.trim() === "") return {};
  try {
    const settings: unknown = JSON.parse(content);
    const isObject = settings !== null && typeof settings === "object" && !Array.isArray(settings);
    return isObject ? { ...settings } : undefined;
  } catch {
    return undefined;
  }
};

/** The settings of a machine's Docker: those of daemon.json and those of its flags. Docker refuses the same one in both. */
export const dockerSettings = ({ files, dockerFlags }: DockerFacts): DockerSettings => ({
  ...settingsFrom(files[paths.dockerConfiguration]),
  ...dockerFlags,
});

/** The settings as a file. */
export const textOf = (settings: DockerSettings): string =>
  `${JSON.stringify(settings, null, 2)}\n`;
