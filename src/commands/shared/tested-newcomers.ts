import { type OperatorMachine, operatorMachine } from "../../checks/check.js";
import { type Found, preflightError, runChecks } from "../../checks/index.js";
import { newcomerChecks, newcomerRefusals, newcomersOf } from "../../checks/newcomers.js";
import type { Cluster } from "../../cluster/cluster.js";
import type { UserError } from "../../errors.js";
import type { Host } from "../../host/host.js";
import { pieces, swarmPiece } from "../../pieces/index.js";
import type { Piece } from "../../reconcile/piece.js";

/**
 * Throws where workers cannot join a class that is up; before anything is changed, so without what its own firewall closes to them. Other
 * systems and engines than ours are refused by the plan.
 */
export const refuseNewcomers = async (
  cluster: Cluster,
  operator: OperatorMachine = operatorMachine,
): Promise<void> => {
  const newcomers = await newcomersOf(cluster);
  if (newcomers.length === 0) return;
  const isNew = (name: string | undefined) => newcomers.some((host) => host.name === name);
  const found = await runChecks(newcomerChecks, cluster, operator);
  const refused = await newcomerRefusals(newcomers, cluster);
  const closed = [...refused.values()].map(({ host, reason, hint }): Found => ({
    check: "connections",
    level: "error",
    text: reason,
    ...(host !== undefined && { host }),
    ...(hint !== undefined && { hint }),
  }));
  const unfit = found.filter(({ host }) => isNew(host));
  const error = preflightError([...unfit, ...closed], { listed: true });
  if (error !== undefined) throw error;
};

/**
 * All parts of the system, for a class that is up. Its firewall is open to newcomers when they are to join its Swarm: then their connections
 * are tested in both directions, and those that fail do not join. Otherwise users' servers on them would never answer.
 */
export const piecesWithTest = (cluster: Cluster): readonly Piece[] => {
  // All newcomers at once, since two tests would each find the other's ports in use.
  let test: Promise<Map<Host, UserError>> | undefined;
  const beforeJoin = async (host: Host): Promise<void> => {
    test ??= newcomersOf(cluster).then((newcomers) => newcomerRefusals(newcomers, cluster));
    const refused = (await test).get(host);
    if (refused !== undefined) throw refused;
  };
  return pieces.map((piece) =>
    piece.name === "swarm" ? (swarmPiece(beforeJoin) as Piece) : piece,
  );
};
