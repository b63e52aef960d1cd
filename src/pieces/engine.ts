import type { Config } from "../config.js";
import { exitCode, UserError } from "../errors.js";
import type { Facts } from "../facts.js";
import type { Host } from "../host.js";
import { inspectMachines, type Machines } from "../machines.js";
import { paths } from "../paths.js";
import type { Piece } from "../piece.js";
import type { Step } from "../step.js";
import { mirrorsOf, settingsFrom, textOf, withMirrors } from "./engine/settings.js";
import { writeScript } from "./shared/file.js";

/** Docker Engine runs on every machine, with the registry mirrors that the configuration names; other settings there are kept. */
export const engine: Piece<Machines> = {
  name: "engine",
  inspect: inspectMachines,
  plan: (want, machines, cluster) =>
    cluster.hosts.flatMap((host) => {
      const { facts } = machines(host);
      refuseUnfit(host, facts);
      return [...mirrorSteps(want, host, facts), ...startSteps(host, facts)];
    }),
  remove: (machines, cluster) =>
    cluster.hosts.flatMap((host) => {
      const { facts } = machines(host);
      if (facts.files[before] === undefined) return [];
      const title = "restore Docker's registry mirrors";
      return [{ host, title, run: () => host.script(restoreScript(facts)) }];
    }),
};

const { dockerConfiguration: path, dockerConfigurationBefore: before } = paths;

// Where Docker was there before us this is the last that goes.
const tidy = `rmdir ${paths.configuration} 2>/dev/null || true`;

// The mirrors are among the settings that Docker reads anew on SIGHUP, without a restart.
const reload = "if systemctl -q is-active docker; then systemctl reload docker; fi";

const refuseUnfit = (host: Host, { files }: Facts): void => {
  const settings = settingsFrom(files[path]);
  if (settings === undefined)
    throw new UserError(
      `${host.name}: ${path} is no JSON object, so Docker cannot read it and swarmhub will not overwrite it`,
      `correct that file on ${host.name}`,
      exitCode.preflight,
    );
  if (settings["live-restore"] === true)
    throw new UserError(
      `${host.name} has "live-restore": true in ${path}, which Docker refuses in a Swarm`,
      `remove that line on ${host.name} and \`systemctl restart docker\``,
      exitCode.preflight,
    );
};

const mirrorSteps = (want: Config, host: Host, { files }: Facts): Step[] => {
  const settings = settingsFrom(files[path]) ?? {};
  const { registryMirrors } = want.engine;
  // Without a word on mirrors in the configuration those stay that were there before swarmhub.
  const own =
    files[before] === undefined ? mirrorsOf(settings) : mirrorsOf(settingsFrom(files[before]));
  const wanted = registryMirrors.length > 0 ? registryMirrors : own;
  if (JSON.stringify(mirrorsOf(settings)) === JSON.stringify(wanted)) return [];
  const content = textOf(withMirrors(settings, wanted));
  // In one script: once the file is there nothing shows any more that Docker has still to read it.
  const script = `{
set -e
if [ ! -e ${before} ]; then
  mkdir -p ${paths.configuration}
  if [ -e ${path} ]; then cp -p ${path} ${before}.new; else : >${before}.new; fi
  mv ${before}.new ${before}
fi
${writeScript({ path, content, then: reload })}
}
`;
  const title =
    registryMirrors.length > 0
      ? `use the registry mirror ${registryMirrors.join(", ")}`
      : "use the registry mirrors from before";
  return [{ host, title, run: () => host.script(script) }];
};

/** Only the mirrors go back: whatever else somebody changed meanwhile is theirs. */
const restoreScript = ({ files }: Facts): string => {
  const earlier = settingsFrom(files[before]) ?? {};
  const settings = settingsFrom(files[path]) ?? earlier;
  const restored = withMirrors(settings, mirrorsOf(earlier));
  const isWhole = textOf(restored) === textOf(withMirrors(earlier, mirrorsOf(earlier)));
  if (isWhole && files[before]?.trim() !== "")
    return `{\nset -e\nmv -f ${before} ${path}\n${reload}\n${tidy}\n}\n`;
  const back = isWhole
    ? `rm -f ${path}\n${reload}`
    : writeScript({ path, content: textOf(restored), then: reload });
  return `{\nset -e\n${back}\nrm -f ${before}\n${tidy}\n}\n`;
};

const startSteps = (host: Host, { units }: Facts): Step[] =>
  units["docker.service"] === "active"
    ? []
    : [
        {
          host,
          title: "start Docker",
          // One that failed too often in a row is not started before its failures are forgotten.
          run: () =>
            host.script(
              "systemctl reset-failed docker.service 2>/dev/null\nsystemctl enable --now docker.service",
            ),
        },
      ];
