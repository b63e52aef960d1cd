import { isMapping } from "./schema/fields.js";
import type { LoginMethod } from "./types.js";

/** Whether a method of login tells the hub groups of its users, as it is configured. */
export const tellsGroups = (method: LoginMethod): boolean => {
  if (method.kind === "lti") return true;
  if (method.kind === "ldap") return Object.keys(method.groups).length > 0;
  return "groups" in method && method.groups !== undefined;
};

/** The same of the method's section in the file. */
export const sectionTellsGroups = (method: string, options: unknown): boolean => {
  if (method === "lti") return true;
  const groups = isMapping(options) ? (options["groups"] ?? undefined) : undefined;
  return isMapping(groups) ? Object.keys(groups).length > 0 : groups !== undefined;
};
