/** What Docker's daemon.json says. */
export type Settings = Record<string, unknown>;

/** The settings of a daemon.json; none of them where it is not there or empty, undefined where it cannot be read. */
export const settingsFrom = (content: string | undefined): Settings | undefined => {
  if (content === undefined || content.trim() === "") return {};
  try {
    const settings: unknown = JSON.parse(content);
    const isObject = settings !== null && typeof settings === "object" && !Array.isArray(settings);
    return isObject ? { ...settings } : undefined;
  } catch {
    return undefined;
  }
};

/** The registry mirrors among them. */
export const mirrorsOf = (settings: Settings | undefined): unknown =>
  settings?.["registry-mirrors"] ?? [];

/** The settings with other mirrors; the rest as it is. */
export const withMirrors = (settings: Settings, mirrors: unknown): Settings => {
  const { "registry-mirrors": _mirrors, ...others } = settings;
  const none = Array.isArray(mirrors) && mirrors.length === 0;
  return none ? others : { ...others, "registry-mirrors": mirrors };
};

/** The settings as a file. */
export const textOf = (settings: Settings): string => `${JSON.stringify(settings, null, 2)}\n`;
