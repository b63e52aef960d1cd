import type { Cluster } from "../../cluster/cluster.js";
import { inspectMachines } from "../../cluster/machines.js";
import { classUrl, classUrlOn, safariSentence } from "../../cluster/public-address.js";
import { type CampusMethod, entranceOf, isCampus, registrationOf } from "../../config/campus.js";
import type { ProviderMethod } from "../../config/types.js";
import { readSecret } from "../../pieces/index.js";
import { missingStaff, peopleOf } from "../../roster/people.js";

/** What the operator does when the class is up: where and how to log in, and what users should know. */
export const nextSteps = async (cluster: Cluster): Promise<string[]> => [
  ...(await loginSteps(cluster)),
  ...[safariSentence(cluster.config)].filter((text) => text !== undefined),
];

const loginSteps = async (cluster: Cluster): Promise<string[]> => {
  const { config, manager } = cluster;
  const { admins, teachers, method } = config.login;
  if (method.kind !== "passwords" && method.kind !== "shared-password") {
    // The address to which the hub lets people come back, also where the operator uses another one.
    const address = classUrlOn(await inspectMachines(cluster), cluster);
    return isCampus(method) ? campusSteps(address, method) : providerSteps(address, method);
  }
  if (method.kind === "passwords") {
    const missing = missingStaff(config, peopleOf(config) ?? []);
    return [
      `open ${await classUrl(cluster)}`,
      "log in with the user name and the password on the slip; for new slips: `swarmhub roster slips NAME…`",
      ...otherPassword("admins", missing.admins),
      ...otherPassword("teachers", missing.teachers),
    ];
  }
  // The password is for all users, so it may be shown; the admins' password is shown only on request.
  const password =
    method.password.kind === "generated"
      ? await readSecret(manager, "shared-password")
      : "that you configured";
  return [
    `open ${await classUrl(cluster)}`,
    `log in with any name and the password ${password}`,
    ...otherPassword("admins", admins),
    ...otherPassword("teachers", teachers),
  ];
};

const providerSteps = (address: string, { kind, service }: ProviderMethod): string[] => [
  `register this callback address at ${service}${kind === "oidc" ? ", also for logouts" : ""}: ${address}/hub/oauth_callback`,
  ...(kind === "oidc"
    ? [`  if it reports logouts (back-channel), to this address: ${address}/hub/oidc/logout`]
    : []),
  `open ${address}, and log in with an account at ${service}`,
];

const campusSteps = (address: string, method: CampusMethod): string[] => [
  ...registrationOf(method, address),
  entranceOf(method, address),
];

const otherPassword = (who: string, names: readonly string[]): string[] =>
  names.length === 0
    ? []
    : [`${who} (${names.join(", ")}) have another password: \`swarmhub open --passwords\``];
