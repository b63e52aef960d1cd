import { createHash } from "node:crypto";

const longest = 28;
const plain = /^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/;

/** The name of a user's home and service, by the hub's own scheme (hub/swarmhub/slug.py), which is frozen. */
export const slugOf = (name: string): string => {
  if (name.length <= longest && plain.test(name)) return name;
  const words = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "");
  const readable = (/^[a-z]/.test(words) ? words : `x-${words}`)
    .slice(0, longest - 8 - 3)
    .replace(/-+$/, "");
  const hash = createHash("sha256").update(name).digest("hex").slice(0, 8);
  return `${readable}---${hash}`;
};
