/** The content of Docker's daemon.json. */
export type DockerSettings = Record<string, unknown>;

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

/** The settings as a file. */
export const textOf = (settings: DockerSettings): string =>
  `${JSON.stringify(settings, null, 2)}\n`;
