import type * as z from "zod";
import type { Config, LoginMethod } from "../types.js";
import { fromFolder, secretSourceFrom } from "../values/secret-source.js";
import { rememberFrom } from "../values/units.js";
import { flag, leaf, section } from "./fields.js";
import { groupServersOf, groups, membersOf, users } from "./groups.js";
import { passwords, roster, rosterOf } from "./roster.js";

/** `login` of swarmhub.yaml. */
export const login = section(
  {
    "shared-password": leaf(secretSourceFrom).exactOptional(),
    passwords: passwords.exactOptional(),
    roster: roster.exactOptional(),
    remember: leaf(rememberFrom).default(rememberFrom("12h")),
    admins: users.default([]),
    teachers: users.default([]),
    "admins-may-enter": flag.default(false),
    groups: groups.default({}),
  },
  "{admins: [ada]}",
);

type Login = z.output<typeof login>;

/** `login` with absolute paths: those of the file are relative to its folder. */
export const loginOf = (settings: Login, folder: string): Config["login"] => ({
  method: methodOf(settings, folder),
  remember: settings.remember,
  admins: settings.admins,
  teachers: settings.teachers,
  adminsMayEnter: settings["admins-may-enter"],
  groups: membersOf(settings.groups),
  groupServers: groupServersOf(settings.groups),
  ...(settings.roster !== undefined && { roster: rosterOf(settings.roster, folder) }),
});

/** The method of login, of which the file has one key; without any it is a generated password for all. */
const methodOf = (settings: Login, folder: string): LoginMethod =>
  settings.passwords === undefined
    ? {
        kind: "shared-password",
        password: fromFolder(settings["shared-password"] ?? { kind: "generated" }, folder),
      }
    : { kind: "passwords" };
