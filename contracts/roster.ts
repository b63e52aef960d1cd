/** Somebody who may log in. `password` is the hash of the first password; null where the method of login has none. */
export type RosterPerson = {
  /** The user name, as the hub spells it. */
  name: string;
  /** The name in the roster, for people: "Ada Lovelace". */
  shown: string;
  groups: string[];
  password: string | null;
};

/** `roster.json`, written by the CLI and read by the hub again whenever it changes: all who may log in. */
export type Roster = { people: RosterPerson[] };

/** The cost of a hash, as in its text: `scrypt$16384$8$1$SALT$HASH`, both in base64, of 16 and 64 bytes. */
export const scryptCost = { N: 16_384, r: 8, p: 1 } as const;

/** The text of a hash. */
export const passwordHash = (salt: Uint8Array, hash: Uint8Array): string =>
  ["scrypt", scryptCost.N, scryptCost.r, scryptCost.p, base64(salt), base64(hash)].join("$");

/** The content of `roster.json`: a line for each person, so that it can be read and compared. */
export const rosterText = ({ people }: Roster): string =>
  `{"people": [\n${people.map((person) => JSON.stringify(person)).join(",\n")}\n]}\n`;

/** The people in a text of `roster.json`; undefined where it is none. */
export const peopleIn = (text: string): RosterPerson[] | undefined => {
  try {
    const { people } = JSON.parse(text) as Partial<Roster>;
    return Array.isArray(people) && people.every(isPerson) ? people : undefined;
  } catch {
    return undefined;
  }
};

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64");

const isPerson = (value: unknown): value is RosterPerson => {
  const { name, shown, groups, password } = (value ?? {}) as Partial<RosterPerson>;
  return (
    typeof name === "string" &&
    typeof shown === "string" &&
    Array.isArray(groups) &&
    groups.every((group) => typeof group === "string") &&
    (password === null || typeof password === "string")
  );
};
