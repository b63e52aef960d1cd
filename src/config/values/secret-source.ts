import { isAbsolute, join } from "node:path";
import type { SecretSource } from "../types.js";
import { checkedPath } from "./names.js";
import { type Reader, type Reject, reader } from "./reader.js";

/** The source of a secret that swarmhub can generate; a relative path stays relative, see `fromFolder`. */
export const secretSourceFrom = reader(
  {
    what: "from-env NAME, from-file PATH or generated",
    example: "from-env ROOM_PASSWORD",
    hidden: true,
  },
  (text, reject): SecretSource =>
    text === "generated" ? { kind: "generated" } : namedSource(text, reject),
);

/** The source of a secret that comes from outside and cannot be generated. */
export const outsideSecretFrom = (what: string, example: string): Reader<SecretSource> =>
  reader({ what, example, hidden: true }, (text, reject) => {
    if (text === "generated") throw reject("swarmhub cannot generate this secret");
    return namedSource(text, reject);
  });

/** A source whose relative path starts at the folder of swarmhub.yaml. */
export const fromFolder = (source: SecretSource, folder: string): SecretSource =>
  source.kind === "file" && !isAbsolute(source.path)
    ? { kind: "file", path: join(folder, source.path) }
    : source;

const namedSource = (text: string, reject: Reject): SecretSource => {
  const [, kind, rest = ""] = /^(from-env|from-file)\s+(.*)$/.exec(text.trim()) ?? [];
  if (kind === "from-file") return { kind: "file", path: checkedPath(rest, reject) };
  if (kind !== "from-env")
    throw reject("a password does not belong in this file, which is copied, mailed and committed");
  if (!/^[A-Za-z_]\w{0,127}$/.test(rest))
    throw reject("NAME is the name of an environment variable, without $");
  return { kind: "env", name: rest };
};
