import type { Config } from "../../config/types.js";

/** What a rehearsal leaves out with this method of login, in sentences. */
export const skippedBy = ({ login: { method } }: Config): string[] => [
  method.kind === "shared-password"
    ? "Left out: the comparison of the password. The people of a rehearsal open the login page and come in with a ticket."
    : method.kind === "passwords"
      ? "Left out: the check of each person's password, about 0.1 s of the hub. The people of a rehearsal open the login page and come in with a ticket."
      : "Left out: the login at the institution. The people of a rehearsal open the login page and come in with a ticket.",
];
