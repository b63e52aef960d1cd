import { isMapping, valueAt } from "../schema/fields.js";
import type { Finding } from "../yaml/complaints.js";

/** Complaints about `login.passwords`: everybody with a password of their own is on a roster. */
export const rosterFindings = (raw: unknown): Finding[] => {
  const login = valueAt(raw, ["login"]);
  if (!isMapping(login) || (login["passwords"] ?? undefined) === undefined) return [];
  return [
    ...((login["roster"] ?? undefined) === undefined
      ? [finding("needs a roster; write roster: ./students.csv beside it, a CSV file of the class")]
      : []),
    ...((login["shared-password"] ?? undefined) === undefined
      ? []
      : [
          finding(
            'conflicts with "shared-password": users log in with one of the two; delete one of them',
          ),
        ]),
  ];
};

const finding = (text: string): Finding => ({ path: ["login", "passwords"], text, atKey: true });
