import type { DockerSettings } from "./docker-settings.js";

/**
 * The settings that arguments of dockerd make, by their keys in daemon.json; only those that swarmhub reads. dockerd accepts
 * `--flag=value` and `--flag value`, and of a boolean `--flag` and `--flag=value` (spf13/pflag); a later one wins.
 */
export const settingsInFlags = (words: readonly string[]): DockerSettings => {
  const settings: DockerSettings = {};
  for (const [index, word] of words.entries()) {
    const [name, given] = flagIn(word);
    const read = readers.get(name);
    if (read !== undefined)
      Object.assign(settings, read(given, given ?? words[index + 1] ?? "", settings));
  }
  return settings;
};

/** The name of a flag, and its value if it is in the same word. */
const flagIn = (word: string): [name: string, given: string | undefined] => {
  const [, name = "", given] = /^(--[^=]+)(?:=(.*))?$/s.exec(word) ?? [];
  return [name, given];
};

/** `given` is the value in the flag's own word, `value` that or the next word. */
type Reader = (
  given: string | undefined,
  value: string,
  settings: DockerSettings,
) => DockerSettings;

const truth =
  (key: string): Reader =>
  (given) => ({ [key]: !/^(0|f|false)$/i.test(given ?? "") });

const text =
  (key: string): Reader =>
  (_given, value) => ({ [key]: value });

const list =
  (key: string, entry: (value: string) => unknown = (value) => value): Reader =>
  (_given, value, settings) => ({
    [key]: [...((settings[key] ?? []) as unknown[]), entry(value)],
  });

const proxy =
  (key: string): Reader =>
  (_given, value, settings) => ({
    proxies: { ...(settings["proxies"] as object | undefined), [key]: value },
  });

/** "base=10.210.0.0/16,size=20" */
const poolIn = (value: string): unknown => {
  const parts = new Map(value.split(",").map((part) => part.split("=") as [string, string]));
  return { base: parts.get("base"), size: Number(parts.get("size")) };
};

const readers = new Map<string, Reader>([
  ["--userns-remap", text("userns-remap")],
  ["--iptables", truth("iptables")],
  ["--firewall-backend", text("firewall-backend")],
  ["--live-restore", truth("live-restore")],
  ["--config-file", text("config-file")],
  ["--registry-mirror", list("registry-mirrors")],
  ["--default-address-pool", list("default-address-pools", poolIn)],
  ["--node-generic-resource", list("node-generic-resources")],
  ["--default-runtime", text("default-runtime")],
  ["--http-proxy", proxy("http-proxy")],
  ["--https-proxy", proxy("https-proxy")],
  ["--no-proxy", proxy("no-proxy")],
]);
