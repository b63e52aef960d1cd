import { type Machines, inspectMachines } from "../cluster/machines.js";
import type { Config } from "../config/types.js";
import { units } from "../names.js";
import { paths } from "../paths.js";
import type { Piece } from "../reconcile/piece.js";
import {
  firewallScript,
  firewallUnit,
  loadedRules,
  loadedRules6,
  removeScript,
} from "./firewall/rules.js";
import { unitSteps } from "./shared/files.js";

/** Opens the Swarm and NFS ports only between the machines; blocks containers from them and from the provider's metadata. */
export const firewall: Piece<Machines> = {
  name: "firewall",
  inspect: inspectMachines,
  plan: (want, machines, cluster) => {
    const addresses = cluster.hosts.map((host) => machines(host).address).toSorted();
    return cluster.hosts.flatMap((host) => {
      const { facts } = machines(host);
      const rules = { addresses, isNfsShared: host === cluster.storage && isNfsShared(want) };
      const files = [
        { path: paths.firewall, content: firewallScript(rules), mode: 0o755 },
        { path: paths.firewallUnit, content: firewallUnit },
      ];
      return unitSteps(host, facts, files, {
        title: "load the firewall rules",
        detail: `Swarm and NFS ports open only between ${addresses.join(", ")}`,
        isActive:
          sameLines(facts.firewall, loadedRules(rules)) &&
          sameLines(facts.firewall6, facts.ipv6 ? loadedRules6(rules) : []) &&
          facts.units[units.firewall] === "active",
        start: `systemctl daemon-reload
systemctl -q enable ${units.firewall}
systemctl restart ${units.firewall}`,
      });
    });
  },
  remove: (machines, cluster) =>
    cluster.hosts.flatMap((host) => {
      const { facts } = machines(host);
      const exists =
        facts.firewall.length + facts.firewall6.length > 0 ||
        facts.files[paths.firewall] !== undefined ||
        facts.files[paths.firewallUnit] !== undefined;
      return exists
        ? [{ host, title: "remove the firewall rules", run: () => host.script(removeScript) }]
        : [];
    }),
};

const isNfsShared = ({ storage }: Config): boolean =>
  storage.kind === "persistent" && storage.share === true;

const sameLines = (have: readonly string[], want: readonly string[]): boolean =>
  JSON.stringify(have.toSorted()) === JSON.stringify(want.toSorted());
