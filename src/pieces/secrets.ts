import { outboundProxySecret } from "../../contracts/outbound-proxy.js";
import { createHash, randomBytes } from "node:crypto";
import {
  contentCaSecret,
  contentTokenSecret,
  serverEnvironmentSecret,
} from "../../contracts/hub-servers.js";
import { outboundSecretText, proxyOn } from "../cluster/outbound.js";
import { type Machines, inspectMachines } from "../cluster/machines.js";
import { type Config, loginFilesOf } from "../config/types.js";
import { UserError } from "../errors.js";
import type { Host } from "../host/host.js";
import { paths } from "../paths.js";
import type { Piece, Step } from "../reconcile/piece.js";
import { pronounceable } from "../text/pronounceable.js";

/** How each secret is generated if the operator gives none. */
const generators = {
  "proxy-token": () => randomBytes(32).toString("hex"),
  "edge-token": () => randomBytes(32).toString("hex"),
  "shared-password": () => pronounceable(4),
  // JupyterHub refuses an admin password under 32 characters beside a shared one.
  "admin-password": () => pronounceable(8),
  "teacher-password": () => pronounceable(8),
};

/** The names of the secrets that the class keeps on the manager. */
const secretNames = Object.keys(generators) as (keyof typeof generators)[];

/** Keeps passwords and tokens, generated or given by the operator, on the manager in a folder that only root can enter. */
export const secrets: Piece<Machines> = {
  name: "secrets",
  inspect: inspectMachines,
  plan: (want, machines, { manager, secrets: provided, ...cluster }) => {
    const { facts } = machines(manager);
    const { secretHashes } = facts;
    const proxy = proxyOn({ ...cluster, secrets: provided }, machines, facts);
    const outbound = proxy && outboundSecretText(proxy);
    const steps = secretNames.flatMap((name) => {
      const value = provided.get(name);
      const present = secretHashes[name];
      if (value === undefined) {
        if (present !== undefined) return [];
        return [
          {
            host: manager,
            title: `generate the secret ${name}`,
            run: () => writeSecret(manager, name, generators[name]()),
          },
        ];
      }
      if (present === hashOf(value)) return [];
      return [
        {
          host: manager,
          title: `write the secret ${name}`,
          run: () => writeSecret(manager, name, value),
        },
      ];
    });
    return [
      ...steps,
      ...loginFileSteps(want, secretHashes, manager, provided),
      ...[serverEnvironmentSecret, contentTokenSecret, contentCaSecret].flatMap((name) =>
        optionalSteps(manager, name, provided.get(name), secretHashes[name]),
      ),
      ...optionalSteps(manager, outboundProxySecret, outbound, secretHashes[outboundProxySecret]),
    ];
  },
  remove: (machines, { manager }) =>
    Object.keys(machines(manager).facts.secretHashes).length === 0
      ? []
      : [
          {
            host: manager,
            title: "remove the secrets",
            run: () => manager.run(["rm", "-rf", paths.secrets]),
          },
        ],
};

/** Steps for the files of the method of login; those of another method are removed. */
const loginFileSteps = (
  want: Config,
  present: Record<string, string>,
  manager: Host,
  provided: ReadonlyMap<string, string>,
): Step[] => {
  const wanted = Object.keys(loginFilesOf(want));
  const former = Object.keys(present).filter(
    (name) => name.startsWith("login-") && !wanted.includes(name),
  );
  return [
    ...wanted.flatMap((name) => {
      const value = provided.get(name);
      if (value === undefined || present[name] === hashOf(value)) return [];
      const run = () => writeSecret(manager, name, value);
      return [{ host: manager, title: `write the secret ${name}`, run }];
    }),
    ...former.map((name) => ({
      host: manager,
      title: `remove the secret ${name}`,
      run: () => manager.run(["rm", "-f", `${paths.secrets}/${name}`]),
    })),
  ];
};

/** These secrets are never generated; the class has one only if the configuration has it. */
const optionalSteps = (
  manager: Host,
  name: string,
  value: string | undefined,
  present: string | undefined,
): Step[] => {
  const path = `${paths.secrets}/${name}`;
  if (value === undefined)
    return present === undefined
      ? []
      : [
          {
            host: manager,
            title: `remove the secret ${name}`,
            run: () => manager.run(["rm", "-f", path]),
          },
        ];
  if (present === hashOf(value)) return [];
  const run = () => writeSecret(manager, name, value);
  return [{ host: manager, title: `write the secret ${name}`, run }];
};

/** The secret of that name, read from the manager. Throws a UserError before `up` has written it. */
export const readSecret = async (manager: Host, name: keyof typeof generators): Promise<string> => {
  const { secretHashes } = await manager.facts();
  if (secretHashes[name] === undefined)
    throw new UserError("the class is not up, so it has no passwords yet", {
      host: manager.name,
      hint: "`swarmhub up`",
    });
  return manager.run(["cat", `${paths.secrets}/${name}`]);
};

// World-readable, since a container's user is not root; the folder itself is closed to others.
const writeSecret = async (manager: Host, name: string, value: string): Promise<void> => {
  await manager.run(["install", "-d", "-m", "700", paths.secrets]);
  await manager.write(`${paths.secrets}/${name}`, value, 0o444);
};

const hashOf = (value: string): string => createHash("sha256").update(value).digest("hex");
