import type { Config } from "../config/types.js";
import { described, peopleText } from "../roster/changes.js";
import { missingStaff } from "../roster/people.js";
import type { Check, Finding } from "./check.js";

/** How many people the roster has, and which admins and teachers are not among them. Its errors are those of the plan. */
export const rosterCheck: Check = {
  name: "roster",
  run: async ({ cluster: { config } }) => rosterFindings(config),
};

const rosterFindings = (config: Config): Finding[] => {
  const { people, method } = config.login;
  if (!Array.isArray(people)) return [];
  const first = people.slice(0, 3).map(described).join(", ");
  const missing = missingStaff(config, people);
  const notes = [...missing.admins, ...missing.teachers];
  return [
    {
      level: "ok",
      text: `${peopleText(people.length)} may log in: ${first}${people.length > 3 ? ", …" : ""}`,
    },
    ...(notes.length === 0
      ? []
      : [
          {
            level: "note" as const,
            text: `not on the roster, but admins or teachers: ${notes.join(", ")}`,
            ...(method.kind === "passwords" && {
              hint: "they log in with the passwords of `swarmhub open --passwords`",
            }),
          },
        ]),
  ];
};
