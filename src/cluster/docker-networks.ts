import type { Config } from "../config/types.js";
import { type DockerSettings, dockerSettings } from "../host/docker-settings.js";
import type { Facts } from "../host/facts.js";
import { isDockerInterface, networkOf } from "./ipv4.js";

/** The key of daemon.json with the networks from which Docker takes docker0 and docker_gwbridge, at their first start. */
export const poolKey = "default-address-pools";

/** Docker's setting for a pool: 16 networks of it. Undefined without a pool. */
export const poolSetting = ({ engine }: Config): DockerSettings[string] => {
  const { addressPool } = engine;
  if (addressPool === undefined) return undefined;
  return [{ base: addressPool, size: Number(addressPool.split("/")[1]) + 4 }];
};

/** Whether Docker's settings have the pool of the configuration. */
export const hasPool = (config: Config, facts: Facts): boolean =>
  JSON.stringify(dockerSettings(facts)[poolKey]) === JSON.stringify(poolSetting(config));

/** Whether Docker is installed; its networks are chosen then. */
export const hasDocker = ({ packages }: Facts): boolean =>
  (packages["docker.io"] ?? packages["docker-ce"]) !== undefined;

/** The networks that a machine's Docker has, or will have after its installation. */
export const dockerNetworks = ({ engine }: Config, { addresses, ...facts }: Facts): string[] => {
  const present = addresses.filter(({ device }) => isDockerInterface(device)).map(networkOf);
  if (present.length > 0 || hasDocker({ addresses, ...facts })) return present;
  return engine.addressPool === undefined
    ? ["172.17.0.0/16", "172.18.0.0/16"]
    : [engine.addressPool];
};

/** The pool as a route, which the Swarm's own networks must not overlap. */
export const poolRoutes = ({ engine }: Config): { destination: string; device: string }[] =>
  engine.addressPool === undefined
    ? []
    : [{ destination: engine.addressPool, device: "docker's pool" }];
