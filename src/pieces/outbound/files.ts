import type { OutboundProxy } from "../../cluster/outbound.js";
import { paths } from "../../paths.js";

const written = "Written by swarmhub; the next `swarmhub up` overwrites it.";

/** apt's configuration; a name has an exception of its own, and apt knows none for domains and networks. */
export const aptConfiguration = ({ http, https, except }: OutboundProxy): string => {
  const hosts = except.filter((each) => /^[a-z0-9][a-z0-9.-]*$/.test(each));
  return [
    `// ${written}`,
    `Acquire::http::Proxy "${http}";`,
    `Acquire::https::Proxy "${https}";`,
    ...hosts.flatMap((host) => [
      `Acquire::http::Proxy::${host} "DIRECT";`,
      `Acquire::https::Proxy::${host} "DIRECT";`,
    ]),
    "",
  ].join("\n");
};

/** The variables as systemd's EnvironmentFile reads them. Addresses have no character that is special in quotes. */
export const environmentFile = (variables: Record<string, string>): string =>
  [
    `# ${written}`,
    ...Object.entries(variables).map(([name, value]) => `${name}="${value}"`),
    "",
  ].join("\n");

/** A file of its own for the variables: everybody can read a unit's Environment= (`systemctl show`). */
export const dockerUnit = `# ${written}
[Service]
EnvironmentFile=${paths.proxyVariables}
`;
