import type { HubCampusMethod } from "../../../contracts/hub-settings.js";
import type { CampusMethod } from "../../config/campus.js";

/** A method at the server of a university, as the hub reads it: without secrets and files, see loginFilesOf. */
export const hubCampusMethod = (method: CampusMethod): HubCampusMethod => {
  const { ca: _ca, ...rest } = method;
  if (rest.kind === "cas") return { ...rest, groups: rest.groups ?? null };
  if (rest.kind === "lti") return rest;
  const { password: _password, ...directory } = rest;
  return { ...directory, reader: directory.reader ?? null };
};
