import { contains } from "../cluster/ipv4.js";
import { dockerNetworks, hasDocker } from "../cluster/docker-networks.js";
import type { Config } from "../config/types.js";
import type { Host } from "../host/host.js";
import { type Check, type CheckContext, type Finding, withTimeout } from "./check.js";

type Peer = { what: string; address: string };

/** Docker's networks contain no address that a machine must reach: packets to it would go to Docker's bridge and never arrive. */
export const dockerNetworksCheck: Check = {
  name: "networks",
  run: async (context) => {
    const { cluster, machines } = context;
    const far = await serversOf(context);
    const found = await Promise.all(
      cluster.hosts.map(async (host) => {
        const { facts } = machines(host);
        const networks = dockerNetworks(cluster.config, facts);
        return [...(await nearPeers(host)), ...far].flatMap((peer): Finding[] => {
          const network = networks.find((each) => contains(each, peer.address));
          if (network === undefined) return [];
          return [
            {
              host: host.name,
              level: "error",
              text: `Docker's network ${network} ${hasDocker(facts) ? "contains" : "will contain"} ${peer.address}, ${peer.what}, which the machine could then not reach`,
              hint: "give Docker a network that nobody uses, for example `engine: {address-pool: 10.210.0.0/16}`",
            },
          ];
        });
      }),
    );
    return found.flat();
  },
};

/** The name servers of a machine, and from where somebody is logged in, as ssh's own connections say. */
const nearPeers = async (host: Host): Promise<Peer[]> => {
  const answer = await host.script(
    "sed -n 's/^nameserver /name /p' /etc/resolv.conf /run/systemd/resolve/resolv.conf 2>/dev/null\nss -Htn state established sport = :22 | sed 's/.* \\([^ ]*\\):[0-9]* *$/login \\1/'",
    { timeout: 15_000 },
  );
  const peers = [...answer.matchAll(/^(name|login) (?:\[::ffff:)?(\d+(?:\.\d+){3})\]?$/gm)].map(
    ([, kind, address = ""]): Peer => ({
      address,
      what: kind === "name" ? "its name server" : "from where somebody is logged in",
    }),
  );
  return [...new Map(peers.map((peer) => [peer.address, peer])).values()];
};

/** The servers by name in the configuration that the machines connect to. */
const serversOf = async ({ cluster, operator }: CheckContext): Promise<Peer[]> => {
  const found = await Promise.all(
    serverNames(cluster.config).map(async ({ what, name }) => {
      const addresses = await withTimeout(5000, operator.lookup(name));
      return (addresses ?? [])
        .filter((address) => !address.includes(":"))
        .map((address): Peer => ({ what: `${what} ${name}`, address }));
    }),
  );
  return found.flat();
};

const serverNames = ({
  login: { method },
  engine,
  proxy,
}: Config): { what: string; name: string }[] => [
  ...[...new Set(proxy === undefined ? [] : [proxy.http, proxy.https].map(hostOf))].map((name) => ({
    what: "the HTTP proxy",
    name,
  })),
  ...("issuer" in method ? [{ what: "the login server", name: hostOf(method.issuer) }] : []),
  ...("url" in method ? [{ what: "the login server", name: hostOf(method.url) }] : []),
  ...engine.registryMirrors.map((url) => ({ what: "the registry mirror", name: hostOf(url) })),
];

const hostOf = (url: string): string => new URL(url).hostname;
