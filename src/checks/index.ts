import { type Cluster, answering, lostMachines } from "../cluster/cluster.js";
import { lostText } from "../cluster/lost.js";
import { inspectMachines } from "../cluster/machines.js";
import { UserError, exitCode } from "../errors.js";
import { plural } from "../text/format.js";
import { addresses } from "./addresses.js";
import { certificate } from "./certificate.js";
import {
  type Check,
  type CheckContext,
  type Finding,
  type OperatorMachine,
  inspectListening,
  operatorMachine,
  findingFrom,
} from "./check.js";
import { browsers } from "./browsers.js";
import { clock } from "./clock.js";
import { connections } from "./connections.js";
import { cores } from "./cores.js";
import { diskSpace } from "./disk-space.js";
import { dockerNetworksCheck } from "./docker-networks.js";
import { domain } from "./domain.js";
import { encryption } from "./encryption.js";
import { gpus } from "./gpus.js";
import { groups } from "./groups.js";
import { imageCheck } from "./image.js";
import { login } from "./login.js";
import { occupiedPorts } from "./occupied-ports.js";
import { outboundCheck } from "./outbound.js";
import { plan } from "./plan.js";
import { rosterCheck } from "./roster.js";
import { scratch } from "./scratch.js";
import { seats } from "./seats.js";
import { system } from "./system.js";

/** A finding and the name of its check. */
export type Found = Finding & { check: string };

/** All checks, in the order of the output. */
export const allChecks: readonly Check[] = [
  system,
  clock,
  addresses,
  encryption,
  dockerNetworksCheck,
  outboundCheck,
  connections,
  occupiedPorts,
  diskSpace,
  scratch,
  plan,
  rosterCheck,
  groups,
  seats,
  gpus,
  cores,
  browsers,
  domain,
  certificate,
  login,
  imageCheck,
];

/**
 * Runs all checks before the first step of a class; changes nothing. That of the connections takes seconds where something drops
 * packets, but without it a class "is up" whose overlay network (4789/udp) is closed.
 */
export const preflight = (
  cluster: Cluster,
  operator: OperatorMachine = operatorMachine,
): Promise<Found[]> => runChecks(allChecks, cluster, operator);

/** What is wrong with the method of login, in sentences; `up` ends with them, since the provider may change at any time. */
export const loginProblems = async (
  cluster: Cluster,
  operator: OperatorMachine = operatorMachine,
): Promise<string[]> => {
  // With passwords the class asks nobody.
  if (/password/.test(cluster.config.login.method.kind)) return [];
  const found = await runChecks([login], cluster, operator);
  return found
    .filter(({ level }) => level !== "ok")
    .map(({ text, hint }) => (hint === undefined ? text : `${text}; ${hint}`));
};

/** Runs checks in parallel. A check's UserError becomes a finding; throws where a machine is lost or swarmhub has a bug. */
export const runChecks = async (
  checks: readonly Check[],
  cluster: Cluster,
  operator: OperatorMachine,
): Promise<Found[]> => {
  const present = answering(cluster);
  const context = {
    cluster: present,
    whole: cluster,
    machines: await inspectMachines(cluster),
    // Before any check runs, since the check of the connections listens itself.
    listening: await inspectListening(present),
    operator,
  };
  const lost = lostMachines(cluster).map((machine): Found => ({
    check: "machine",
    host: machine.destination,
    level: "error",
    ...lostText(machine),
  }));
  const found = await Promise.all(
    checks.map(async (check) =>
      (await findings(check, context)).map((finding) => ({ check: check.name, ...finding })),
    ),
  );
  return [...lost, ...found.flat()];
};

/** The UserError for the errors among the findings; undefined if there are none. `listed` puts the findings into its message. */
export const preflightError = (
  found: readonly Found[],
  { listed }: { listed: boolean },
): UserError | undefined => {
  const errors = found.filter(({ level }) => level === "error");
  if (errors.length === 0) return undefined;
  const lines = errors.map(({ host, text, hint }) => {
    const where = host === undefined ? "" : `${host}: `;
    return `  ${where}${text}${hint === undefined ? "" : `\n    → ${hint.replaceAll("\n", "\n      ")}`}`;
  });
  return new UserError(
    listed
      ? ["preflight failed:", ...lines].join("\n")
      : `preflight failed: ${plural(errors.length, "error")}`,
    { hint: "fix the errors, then type `swarmhub check`", code: exitCode.preflight },
  );
};

const findings = async (check: Check, context: CheckContext): Promise<Finding[]> => {
  try {
    return await check.run(context);
  } catch (error) {
    return [findingFrom(error)];
  }
};
