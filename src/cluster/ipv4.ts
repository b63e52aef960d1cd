import { UserError, exitCode } from "../errors.js";

/** Address ranges for the Swarm: Docker takes subnets from `pool`; `overlay` is the class's network (512 addresses). */
export type Pool = { pool: string; overlay: string };

// Docker's default of 10.0.0.0/8 overlaps the networks of many providers (Dokploy#4124).
const candidates = ["10.201", "10.223", "10.247", "172.30", "172.22", "10.133"];

/**
 * The first range that overlaps no machine's route; the overlay overlaps none of `overlays`, the subnets of the Swarm's networks
 * (64 fit into a range). Throws a UserError (preflight) if there is none.
 */
export const choosePool = (
  routes: readonly { destination: string; device: string }[],
  overlays: readonly string[] = [],
): Pool => {
  const occupied = routes
    // A second run sees the routes of the bridges that the first one created.
    .filter(({ destination, device }) => destination !== "default" && !isDockerInterface(device))
    .map(({ destination }) => destination);
  const pools = candidates
    .filter((start) => !occupied.some((route) => overlap(`${start}.0.0/16`, route)))
    .map((start) => ({ pool: `${start}.0.0/17`, overlay: freeOverlay(start, overlays) }));
  const free = pools.find((each): each is Pool => each.overlay !== undefined);
  if (free === undefined)
    throw new UserError(
      `no address range is left for the Swarm: each one overlaps a machine's route (${occupied.join(", ")})`,
      { code: exitCode.preflight },
    );
  return free;
};

const freeOverlay = (start: string, overlays: readonly string[]): string | undefined =>
  Array.from({ length: 64 }, (_, index) => `${start}.${128 + 2 * index}.0/23`).find(
    (each) => !overlays.some((other) => overlap(each, other)),
  );

/** The IPv4 network of an address, as "10.77.0.0/24". */
export const networkOf = ({ address, prefix }: { address: string; prefix: number }): string =>
  `${textOf(maskOf(prefix, numberOf(address)))}/${prefix}`;

/** Whether two IPv4 networks ("10.77.0.0/24") overlap. */
export const overlap = (one: string, other: string): boolean => {
  const [first, second] = [parse(one), parse(other)];
  const prefix = Math.min(first.prefix, second.prefix);
  return maskOf(prefix, first.number) === maskOf(prefix, second.number);
};

/** Whether an IPv4 address is in a network ("10.77.0.0/24"). */
export const contains = (network: string, address: string): boolean =>
  parse(network).prefix <= 32 && overlap(network, `${address}/32`);

// RFC 1918, and the carriers' range of RFC 6598, which providers use for private networks.
const privateRanges = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"];

/** Whether an address is not reachable from the internet. */
export const isPrivate = (address: string): boolean =>
  privateRanges.some((range) => contains(range, address));

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
