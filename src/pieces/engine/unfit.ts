import type { Config } from "../../config/types.js";
import { UserError, exitCode } from "../../errors.js";
import { settingsFrom } from "../../host/docker-settings.js";
import type { Facts } from "../../host/facts.js";
import type { Host } from "../../host/host.js";
import { paths } from "../../paths.js";
import { removeFlag } from "../shared/docker-settings.js";

const { dockerConfiguration: path } = paths;

/** Refuses a Docker whose daemon.json or flags have settings with which a class cannot work. */
export const refuseUnfit = (want: Config, host: Host, { files, dockerFlags = {} }: Facts): void => {
  const refuse = (message: string, hint: string): never => {
    throw new UserError(message, { host: host.name, hint, code: exitCode.preflight });
  };
  const settings = settingsFrom(files[path]);
  if (settings === undefined)
    return refuse(
      `${path} is not a JSON object; Docker cannot read it and swarmhub does not overwrite it`,
      `fix that file on ${host.name}`,
    );
  for (const [key, isUnfit, reason] of unfit) {
    if (isUnfit(settings[key]))
      refuse(
        `${path} has "${key}": ${JSON.stringify(settings[key])}, ${reason}`,
        `remove that line on ${host.name} and \`systemctl restart docker\``,
      );
    if (isUnfit(dockerFlags[key])) {
      const value = dockerFlags[key] === true ? "" : `=${String(dockerFlags[key])}`;
      refuse(`Docker runs with --${key}${value}, ${reason}`, removeFlag(host));
    }
  }
  const mirrors = ((dockerFlags["registry-mirrors"] ?? []) as string[]).map((each) =>
    each.replace(/\/$/, ""),
  );
  const { registryMirrors: wanted } = want.engine;
  if (mirrors.length > 0 && wanted.length > 0 && mirrors.join() !== wanted.join())
    refuse(
      `Docker runs with --registry-mirror=${mirrors[0]}, and would not start with other mirrors in ${path}`,
      `delete engine.registry-mirrors, or ${removeFlag(host)}`,
    );
};

/** Settings of daemon.json or flags with which a class cannot work. */
const unfit: readonly (readonly [
  key: string,
  isUnfit: (value: unknown) => boolean,
  reason: string,
])[] = [
  ["live-restore", (value) => value === true, "which Docker refuses in a Swarm"],
  [
    "userns-remap",
    (value) => typeof value === "string" && value !== "",
    "so the hub could neither use Docker's socket nor its own files",
  ],
  [
    "iptables",
    (value) => value === false,
    "so users' servers would have no network, and the class's rules no effect",
  ],
  [
    "firewall-backend",
    (value) => value === "nftables",
    "which Docker refuses in a Swarm (moby#50467)",
  ],
  [
    "config-file",
    (value) => value !== undefined && value !== path,
    `and swarmhub reads and writes Docker's settings in ${path}`,
  ],
];
