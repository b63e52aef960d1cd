import type { Cluster } from "../cluster/cluster.js";
import type { Machines } from "../cluster/machines.js";
import { knownStorageAddress } from "../cluster/storage-address.js";
import type { Membership } from "../host/facts.js";
import type { Host } from "../host/host.js";
import { paths } from "../paths.js";
import { memberOf } from "./membership.js";

/** A machine that came back with another private address, and what that means; the hint ends in the command to type. */
export type ChangedAddress = {
  host: Host;
  former: string;
  now: string;
  text: string;
  hint: string;
};

/**
 * The address at which the Swarm of the class knows a node, if that is no longer the node's. A manager then listens at an address that it
 * does not have, and Swarm never recovers from that (moby#41043, and measured with Engine 20.10: "cannot assign requested address", state
 * "error"). A worker joins, but no other node reaches its part of the overlay network.
 */
export const formerAddress = (
  host: Host,
  membership: Membership,
  machines: Machines,
): string | undefined => {
  const { address: former, state } = membership;
  const { facts, address } = machines(host);
  const isOurs = facts.files[paths.classNote] !== undefined;
  return isOurs && state !== "inactive" && former !== undefined && former !== address
    ? former
    : undefined;
};

/** The machines of the class that have another address than the one that the others know. Changes nothing. */
export const inspectChangedAddresses = async (
  { manager, nodes, storage }: Pick<Cluster, "manager" | "nodes" | "storage">,
  machines: Machines,
): Promise<ChangedAddress[]> => {
  const changed = await Promise.all(
    nodes.map(async (host) => {
      if (machines(host).facts.files[paths.classNote] === undefined) return [];
      const former = formerAddress(host, await memberOf(host), machines);
      if (former === undefined) return [];
      return [changeOf(host, former, machines, host === manager ? ofManager : ofWorker)];
    }),
  );
  const known = knownStorageAddress(machines(manager).facts);
  const isServer = storage !== undefined && !nodes.includes(storage);
  const others =
    isServer && known !== undefined && known !== machines(storage).address
      ? [changeOf(storage, known, machines, ofStorage)]
      : [];
  return [...changed.flat(), ...others];
};

type Meaning = { text: string; hint: string };

const changeOf = (
  host: Host,
  former: string,
  machines: Machines,
  { text, hint }: Meaning,
): ChangedAddress => {
  const now = machines(host).address;
  return {
    host,
    former,
    now,
    text: `its private address was ${former} and is now ${now}: ${text}`,
    hint,
  };
};

const ofManager: Meaning = {
  text: "Docker Swarm does not recover from that, so nobody can work",
  hint: "to make the Swarm anew (running servers stop; homes, users, certificates and limits stay): `swarmhub up`",
};

const ofWorker: Meaning = {
  text: "users' servers on it cannot be reached",
  hint: "to let it join again (its running servers stop; homes stay): `swarmhub up`",
};

const ofStorage: Meaning = {
  text: "running servers wait for their homes at the former one",
  hint: "to use the new one (running servers stop; homes stay): `swarmhub up`",
};
