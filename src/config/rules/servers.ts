import { isMapping, valueAt } from "../schema/fields.js";
import type { Finding } from "../yaml/complaints.js";

/** Complaints about the names of variables and the places of files in users' servers. */
export const serverFindings = (raw: unknown): Finding[] => [
  ...keysAt(raw, "environment").flatMap((name) => {
    const problem = variableProblem(name);
    return problem === undefined
      ? []
      : [{ path: ["servers", "environment", name], text: problem, atKey: true }];
  }),
  ...uselessExceptions(raw),
  ...keysAt(raw, "files").flatMap((path) => {
    const problem = placeProblem(path);
    return problem === undefined
      ? []
      : [{ path: ["servers", "files", path], text: problem, atKey: true }];
  }),
];

/** Exceptions of what is open anyway. */
const uselessExceptions = (raw: unknown): Finding[] => {
  const network = valueAt(raw, ["servers", "network"]);
  if (!isMapping(network) || network["access"] !== "open" || network["except"] === undefined)
    return [];
  return [
    {
      path: ["servers", "network", "except"],
      text: "has no effect with access: open; delete it, or write no-private or none",
    },
  ];
};

const keysAt = (raw: unknown, key: string): string[] => {
  const value = valueAt(raw, ["servers", key]);
  return isMapping(value) ? Object.keys(value) : [];
};

const variableProblem = (name: string): string | undefined => {
  if (!/^[A-Za-z_][A-Za-z0-9_]{0,127}$/.test(name))
    return "is not the name of a variable: expected letters, digits and _, such as COURSE";
  if (/^(JUPYTERHUB_|JPY_)/.test(name) || name === "HOME")
    return "is set by the hub for each server; delete the line";
  return undefined;
};

// A file below a home would be written into the homes of the users, and one in these folders of the kernel or Docker is hidden.
const refusedPlaces = ["home", "root", "proc", "sys", "dev", "run", "tmp"];

const placeProblem = (path: string): string | undefined => {
  if (!/^(\/[\w.@+-]+)+$/.test(path) || path.split("/").some((part) => /^\.+$/.test(part)))
    return "is not a place for a file in a server: expected an absolute path such as /opt/course/data.json";
  const folder = path.split("/")[1] ?? "";
  if (refusedPlaces.includes(folder))
    return `is below /${folder}, where a server has files of its own; write another path such as /opt/course/data.json`;
  return undefined;
};
