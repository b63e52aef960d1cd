import { type Machines, inspectMachines } from "../cluster/machines.js";
import type { Config } from "../config/types.js";
import { type DockerSettings, settingsFrom, textOf } from "../host/docker-settings.js";
import type { Facts } from "../host/facts.js";
import type { Host } from "../host/host.js";
import { paths } from "../paths.js";
import type { Piece, Step } from "../reconcile/piece.js";
import { poolKey } from "../cluster/docker-networks.js";
import { refuseUnfit } from "./engine/unfit.js";
import { keepBefore, refuseLatePool, restartDocker } from "./shared/docker-settings.js";
import { writeScript } from "./shared/files.js";

/** Runs Docker Engine on every machine with the configured registry mirrors; keeps its other settings. */
export const engine: Piece<Machines> = {
  name: "engine",
  inspect: inspectMachines,
  plan: (want, machines, cluster) =>
    cluster.hosts.flatMap((host) => {
      const { facts } = machines(host);
      refuseUnfit(want, host, facts);
      refuseLatePool(want, host, facts);
      return [...mirrorSteps(want, host, facts), ...startSteps(host, facts)];
    }),
  remove: (machines, cluster) =>
    cluster.hosts.flatMap((host) => {
      const { facts } = machines(host);
      if (facts.files[before] === undefined) return [];
      const hasPool = cluster.config.engine.addressPool !== undefined;
      const title = hasPool
        ? "restore Docker's registry mirrors and networks"
        : "restore Docker's registry mirrors";
      return [{ host, title, run: () => host.script(restoreScript(facts, hasPool)) }];
    }),
};

const { dockerConfiguration: path, dockerConfigurationBefore: before } = paths;

// If Docker was installed before swarmhub, this folder is the last thing to remove.
const removeEmptyFolder = `rmdir ${paths.configuration} 2>/dev/null || true`;

// Docker reloads its mirrors on SIGHUP, without a restart.
const reload = "if systemctl -q is-active docker; then systemctl reload docker; fi";

const mirrorSteps = (want: Config, host: Host, { files, dockerFlags }: Facts): Step[] => {
  // Docker does not start with mirrors in both places; the flag has the wanted ones, or it would have been refused.
  if (dockerFlags?.["registry-mirrors"] !== undefined) return [];
  const settings = settingsFrom(files[path]) ?? {};
  const { registryMirrors } = want.engine;
  // If the configuration names no mirrors, those from before swarmhub are used.
  const own =
    files[before] === undefined ? mirrorsOf(settings) : mirrorsOf(settingsFrom(files[before]));
  const wanted = registryMirrors.length > 0 ? registryMirrors : own;
  if (JSON.stringify(mirrorsOf(settings)) === JSON.stringify(wanted)) return [];
  const content = textOf(withMirrors(settings, wanted));
  // One script: once the file is written, nothing shows that Docker still has to reload it.
  const script = `{
set -e
${keepBefore}
${writeScript({ path, content, then: reload })}
}
`;
  const title =
    registryMirrors.length > 0
      ? `use the registry mirror ${registryMirrors.join(", ")}`
      : "restore Docker's registry mirrors";
  return [{ host, title, run: () => host.script(script) }];
};

/** A script that restores only the mirrors, and with `hasPool` the networks; other changes made since then are kept. */
const restoreScript = ({ files }: Facts, hasPool: boolean): string => {
  const earlier = settingsFrom(files[before]) ?? {};
  const settings = settingsFrom(files[path]) ?? earlier;
  const { [poolKey]: _pool, ...others } = settings;
  const pool = poolKey in earlier ? { [poolKey]: earlier[poolKey] } : {};
  const kept = hasPool ? { ...others, ...pool } : settings;
  const restored = withMirrors(kept, mirrorsOf(earlier));
  const isWhole = textOf(restored) === textOf(withMirrors(earlier, mirrorsOf(earlier)));
  if (isWhole && files[before]?.trim() !== "")
    return `{\nset -e\nmv -f ${before} ${path}\n${reload}\n${removeEmptyFolder}\n}\n`;
  const back = isWhole
    ? `rm -f ${path}\n${reload}`
    : writeScript({ path, content: textOf(restored), then: reload });
  return `{\nset -e\n${back}\nrm -f ${before}\n${removeEmptyFolder}\n}\n`;
};

const startSteps = (host: Host, { units, hasLostDockerRules }: Facts): Step[] => {
  if (units["docker.service"] !== "active")
    return [
      {
        host,
        title: "start Docker",
        // systemd does not start a unit that failed too often until its failures are reset.
        run: () =>
          host.script(
            "systemctl reset-failed docker.service 2>/dev/null\nsystemctl enable --now docker.service",
          ),
      },
    ];
  if (!hasLostDockerRules) return [];
  return [
    {
      host,
      title: "restart Docker, and running servers with it",
      // They connect users' servers to the internet, and separate those of one machine from each other.
      detail: "a reload of the firewall removed Docker's own rules",
      run: () => host.script(restartDocker, { title: "restart Docker", timeout: 300_000 }),
    },
  ];
};

/** The registry mirrors in the settings. */
const mirrorsOf = (settings: DockerSettings | undefined): unknown =>
  settings?.["registry-mirrors"] ?? [];

/** The settings with these mirrors; everything else unchanged. */
const withMirrors = (settings: DockerSettings, mirrors: unknown): DockerSettings => {
  const { "registry-mirrors": _mirrors, ...others } = settings;
  const none = Array.isArray(mirrors) && mirrors.length === 0;
  return none ? others : { ...others, "registry-mirrors": mirrors };
};
