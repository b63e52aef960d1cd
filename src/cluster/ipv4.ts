import { UserError, exitCode } from "../errors.js";

/** Address ranges for the Swarm: Docker takes subnets from `pool`; `overlay` is the class's network (512 addresses). */
export type Pool = { pool: string; overlay: string };

// Docker's default of 10.0.0.0/8 overlaps the networks of many providers (Dokploy#4124).
const candidates = ["10.201", "10.223", "10.247", "172.30", "172.22", "10.133"];

/** The first range that overlaps no machine's route. Throws a UserError (preflight) if there is none. */
export const choosePool = (routes: readonly { destination: string; device: string }[]): Pool => {
  const occupied = routes
    // A second run sees the routes of the bridges that the first one created.
    .filter(({ destination, device }) => destination !== "default" && !isDockerInterface(device))
    .map(({ destination }) => destination);
  const free = candidates.find(
    (start) => !occupied.some((route) => overlap(`${start}.0.0/16`, route)),
  );
  if (free === undefined)
    throw new UserError(
      `no address range is left for the Swarm: each one overlaps a machine's route (${occupied.join(", ")})`,
      { code: exitCode.preflight },
    );
  return { pool: `${free}.0.0/17`, overlay: `${free}.128.0/23` };
};

/** The IPv4 network of an address, as "10.77.0.0/24". */
export const networkOf = ({ address, prefix }: { address: string; prefix: number }): string =>
  `${textOf(maskOf(prefix, numberOf(address)))}/${prefix}`;

/** Whether two IPv4 networks ("10.77.0.0/24") overlap. */
export const overlap = (one: string, other: string): boolean => {
  const [first, second] = [parse(one), parse(other)];
  const prefix = Math.min(first.prefix, second.prefix);
  return maskOf(prefix, first.number) === maskOf(prefix, second.number);
};

/** Whether Docker created this network interface: a bridge, or the host's end of a container's veth pair. */
export const isDockerInterface = (device: string): boolean =>
  /^(docker0|docker_gwbridge|br-[0-9a-f]{12}|veth[0-9a-f]{7})$/.test(device);

const parse = (network: string): { number: number; prefix: number } => {
  const [address = "", prefix = "32"] = network.split("/");
  return { number: numberOf(address), prefix: Number(prefix) };
};

const numberOf = (address: string): number =>
  address.split(".").reduce((number, part) => ((number << 8) | Number(part)) >>> 0, 0);

const maskOf = (prefix: number, number: number): number =>
  prefix === 0 ? 0 : (number & (0xffffffff << (32 - prefix))) >>> 0;

const textOf = (number: number): string =>
  [24, 16, 8, 0].map((shift) => (number >>> shift) & 255).join(".");
