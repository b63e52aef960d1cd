import { hasDocker, hasPool, poolKey, poolSetting } from "../../cluster/docker-networks.js";
import type { Config } from "../../config/types.js";
import { UserError, exitCode } from "../../errors.js";
import { settingsFrom, textOf } from "../../host/docker-settings.js";
import type { Facts } from "../../host/facts.js";
import type { Host } from "../../host/host.js";
import { paths } from "../../paths.js";
import { writeScript } from "./files.js";

const { dockerConfiguration: path, dockerConfigurationBefore: before } = paths;

/** Restarts Docker where it runs, and waits until a manager of a Swarm answers again. */
export const restartDocker = `systemctl daemon-reload
if systemctl -q is-active docker; then
  systemctl restart docker
  tries=0
  while [ $tries -lt 30 ] && docker info 2>/dev/null | grep -q 'Is Manager: true' && ! docker node ls >/dev/null 2>&1; do
    tries=$((tries + 1)); sleep 1
  done
fi`;

/** A script that keeps daemon.json as it was before swarmhub, once. */
export const keepBefore = `if [ ! -e ${before} ]; then
  mkdir -p ${paths.configuration}
  if [ -e ${path} ]; then cp -p ${path} ${before}.new; else : >${before}.new; fi
  mv ${before}.new ${before}
fi`;

/** How to remove a flag of Docker's on a machine. */
export const removeFlag = (host: Host): string =>
  `remove that flag from ${placeOfFlags(host)}; then type there: sudo systemctl daemon-reload && sudo systemctl restart docker`;

// Debian's unit takes DOCKER_OPTS from there, and any unit may have a drop-in.
const placeOfFlags = ({ name }: Host): string =>
  `DOCKER_OPTS in /etc/default/docker on ${name}, or from the file that \`systemctl cat docker\` shows there`;

/** A script for before Docker's installation, which starts it: its networks then come from the pool. Undefined where none is due. */
export const poolScript = (want: Config, facts: Facts): string | undefined => {
  if (want.engine.addressPool === undefined || hasDocker(facts) || hasPool(want, facts))
    return undefined;
  const settings = settingsFrom(facts.files[path]);
  // The piece `engine` says what is wrong with the file.
  if (settings === undefined) return undefined;
  const content = textOf({ ...settings, [poolKey]: poolSetting(want) });
  return `${keepBefore}\nmkdir -p /etc/docker\n${writeScript({ path, content })}`;
};

/** Refuses a pool for a Docker that has its networks already: it keeps them as long as it has containers, and ours as long as a Swarm. */
export const refuseLatePool = (want: Config, host: Host, facts: Facts): void => {
  if (want.engine.addressPool === undefined || !hasDocker(facts) || hasPool(want, facts)) return;
  const isOurs = /^docker\.io$/m.test(facts.files[paths.installedPackages] ?? "");
  const flag =
    facts.dockerFlags?.[poolKey] === undefined
      ? ""
      : `remove the flag --default-address-pool from ${placeOfFlags(host)}, `;
  const setting = JSON.stringify({ [poolKey]: poolSetting(want) }).slice(1, -1);
  throw new UserError(
    `Docker has its networks already, and engine.address-pool counts before its first start only`,
    {
      host: host.name,
      hint: isOurs
        ? "to install it again and keep the homes: `swarmhub down`, then `swarmhub up`"
        : `delete the key, or ${flag}add ${setting} to ${path} there, and then \`sudo systemctl daemon-reload; sudo systemctl stop docker.socket docker && sudo ip link delete docker0; sudo systemctl start docker\``,
      code: exitCode.preflight,
    },
  );
};
