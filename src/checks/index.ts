import type { Cluster } from "../cluster/cluster.js";
import { inspectMachines } from "../cluster/machines.js";
import { UserError, exitCode } from "../errors.js";
import { plural } from "../text/format.js";
import { certificate } from "./certificate.js";
import {
  type Check,
  type CheckContext,
  type Finding,
  type OperatorMachine,
  inspectListening,
  operatorMachine,
  refusalFrom,
} from "./check.js";
import { clock } from "./clock.js";
import { connections } from "./connections.js";
import { diskSpace } from "./disk-space.js";
import { domain } from "./domain.js";
import { imageCheck } from "./image.js";
import { occupiedPorts } from "./occupied-ports.js";
import { plan } from "./plan.js";
import { seatHosts } from "./seats.js";
import { system } from "./system.js";

/** A finding and the name of the check that it comes from. */
export type Found = Finding & { check: string };

/** All of them, in the order in which they are shown. */
export const allChecks: readonly Check[] = [
  system,
  clock,
  connections,
  occupiedPorts,
  diskSpace,
  plan,
  seatHosts,
  domain,
  certificate,
  imageCheck,
];

/** The looks that take hardly more than a round trip; `up` takes them before its first step. */
const cheapChecks: readonly Check[] = allChecks.filter((check) => check !== connections);

/** The cheap checks of a class; changes nothing. */
export const preflight = (
  cluster: Cluster,
  world: OperatorMachine = operatorMachine,
): Promise<Found[]> => runChecks(cheapChecks, cluster, world);

/** Runs checks side by side. A UserError of a check is its refusal; a lost machine and our own mistakes are thrown. */
export const runChecks = async (
  checks: readonly Check[],
  cluster: Cluster,
  world: OperatorMachine,
): Promise<Found[]> => {
  const context = {
    cluster,
    machines: await inspectMachines(cluster),
    // Before any check runs: that of the ports listens itself.
    listening: await inspectListening(cluster),
    world,
  };
  const found = await Promise.all(
    checks.map(async (check) =>
      (await findings(check, context)).map((finding) => ({ check: check.name, ...finding })),
    ),
  );
  return found.flat();
};

/** The error for what was refused, undefined where nothing was; the findings themselves are in it only on demand. */
export const refusal = (
  found: readonly Found[],
  { listed }: { listed: boolean },
): UserError | undefined => {
  const refused = found.filter(({ level }) => level === "refusal");
  if (refused.length === 0) return undefined;
  const lines = refused.map(({ host, text, hint }) => {
    const where = host === undefined ? "" : `${host}: `;
    return `  ${where}${text}${hint === undefined ? "" : `\n    → ${hint.replaceAll("\n", "\n      ")}`}`;
  });
  return new UserError(
    listed
      ? [`this class cannot be made:`, ...lines].join("\n")
      : `this class cannot be made: ${plural(refused.length, "refusal")}`,
    { hint: "mend that, then `swarmhub check` looks again", code: exitCode.preflight },
  );
};

const findings = async (check: Check, context: CheckContext): Promise<Finding[]> => {
  try {
    return await check.run(context);
  } catch (error) {
    return [refusalFrom(error)];
  }
};
