import { randomBytes, scrypt } from "node:crypto";
import { availableParallelism } from "node:os";
import { promisify } from "node:util";
import { passwordHash, scryptCost } from "../../contracts/roster.js";
import { pronounceable } from "../text/pronounceable.js";

/** A new password for each name; 50 bits. */
export const newPasswords = (names: readonly string[]): Map<string, string> =>
  new Map(names.map((name) => [name, pronounceable(4)]));

/**
 * The hash of each password by its name. Node has four threads for this, and each hash takes 60 ms and 16 MB; `onDone` is
 * called with the number of those that are ready.
 */
export const hashPasswords = async (
  passwords: ReadonlyMap<string, string>,
  onDone: (done: number) => void = () => {},
): Promise<Map<string, string>> => {
  const hashes = new Map<string, string>();
  const queue = passwords.entries();
  const work = async (): Promise<void> => {
    for (const [name, password] of queue) {
      hashes.set(name, await hashOf(password));
      onDone(hashes.size);
    }
  };
  await Promise.all(Array.from({ length: Math.min(4, availableParallelism()) }, work));
  return hashes;
};

const deriveKey = promisify<string, Buffer, number, object, Buffer>(scrypt);

const hashOf = async (password: string): Promise<string> => {
  const salt = randomBytes(16);
  return passwordHash(salt, await deriveKey(password, salt, 64, scryptCost));
};
