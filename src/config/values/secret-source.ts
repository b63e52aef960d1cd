import { isAbsolute, join } from "node:path";
import { UserError } from "../../errors.js";
import type { SecretSource } from "../types.js";

const ways =
  "write from-env ROOM_PASSWORD or from-file room-password.txt, or leave it away to have one generated";

/** Where a secret comes from; a relative path stays so, see `besideFile`. Throws a UserError that does not repeat the text. */
export const secretSourceFrom = (text: string): SecretSource => {
  if (text === "generated") return { kind: "generated" };
  const [, way, rest = ""] = /^(from-env|from-file)\s+(.*)$/.exec(text.trim()) ?? [];
  if (way === "from-env") return { kind: "env", name: variableFrom(rest) };
  if (way === "from-file") return { kind: "file", path: pathFrom(rest) };
  throw new UserError(
    "a password does not belong in this file, which is copied, mailed and committed",
    { hint: ways },
  );
};

/** A source whose relative path is taken from the folder of swarmhub.yaml. */
export const besideFile = (source: SecretSource, folder: string): SecretSource =>
  source.kind === "file" && !isAbsolute(source.path)
    ? { kind: "file", path: join(folder, source.path) }
    : source;

const variableFrom = (name: string): string => {
  if (!/^[A-Za-z_]\w{0,127}$/.test(name))
    throw new UserError("after from-env stands the name of an environment variable, without $", {
      hint: "write for example from-env ROOM_PASSWORD",
    });
  return name;
};

const pathFrom = (path: string): string => {
  if (path.startsWith("~"))
    throw new UserError("~ is a shell's word and is not replaced here", {
      hint: "write the path in full",
    });
  if (path.includes("\0")) throw new UserError("no path has a NUL in it", { hint: ways });
  return path;
};
