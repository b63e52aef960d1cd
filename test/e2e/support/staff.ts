import type { Runner } from "./lab.js";

/** The password of the admins or teachers of a class, as `swarmhub open --passwords` shows it. */
export const passwordOf = async (
  { swarmhub }: Runner,
  who: "admins" | "teachers",
): Promise<string> => {
  const { code, stdout, stderr } = await swarmhub("open", "--passwords", "--json");
  if (code !== 0) throw new Error(stderr);
  const { passwords } = JSON.parse(stdout) as { passwords: Record<string, string> };
  // Their names follow: "teachers (grace)".
  const found = Object.entries(passwords).find(([key]) => key.startsWith(`${who} `));
  if (!found) throw new Error(`${who} have no password`);
  return found[1];
};
