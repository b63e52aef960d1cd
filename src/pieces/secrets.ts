import { createHash, randomBytes, randomInt } from "node:crypto";
import { type Machines, inspectMachines } from "../cluster/machines.js";
import type { Host } from "../host/host.js";
import { paths } from "../paths.js";
import type { Piece } from "../reconcile/piece.js";

/** How each secret is made where the operator gives none. */
const makers = {
  "proxy-token": () => randomBytes(32).toString("hex"),
  "shared-password": () => sayable(4),
  // JupyterHub refuses an admin password under 32 characters beside a shared one.
  "admin-password": () => sayable(8),
};

/** The names of the secrets that the class keeps on the manager. */
const secretNames = Object.keys(makers) as (keyof typeof makers)[];

/** Passwords and tokens, made or given once, kept on the manager in a folder that only root enters. */
export const secrets: Piece<Machines> = {
  name: "secrets",
  inspect: inspectMachines,
  plan: (_want, machines, { manager, secrets: given }) => {
    const { secretHashes } = machines(manager).facts;
    return secretNames.flatMap((name) => {
      const value = given.get(name);
      const have = secretHashes[name];
      if (value === undefined) {
        if (have !== undefined) return [];
        return [
          {
            host: manager,
            title: `make the secret ${name}`,
            run: () => keep(manager, name, makers[name]()),
          },
        ];
      }
      if (have === hashOf(value)) return [];
      return [
        { host: manager, title: `write the secret ${name}`, run: () => keep(manager, name, value) },
      ];
    });
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

/** The secret of that name, read from the manager. */
export const readSecret = (manager: Host, name: keyof typeof makers): Promise<string> =>
  manager.run(["cat", `${paths.secrets}/${name}`]);

// Readable to all, since a container's user is not root; the folder is what nobody else enters.
const keep = async (manager: Host, name: string, value: string): Promise<void> => {
  await manager.run(["install", "-d", "-m", "700", paths.secrets]);
  await manager.write(`${paths.secrets}/${name}`, value, 0o444);
};

const hashOf = (value: string): string => createHash("sha256").update(value).digest("hex");

const consonants = "bdfghjklmnprstvz";
const vowels = "aeiou";
const pick = (letters: string): string => letters.charAt(randomInt(letters.length));

/** Words of four letters that can be read aloud to a room: 12.6 bits each, and each joined by a dash. */
const sayable = (words: number): string =>
  Array.from(
    { length: words },
    () => pick(consonants) + pick(vowels) + pick(consonants) + pick(vowels),
  ).join("-");
