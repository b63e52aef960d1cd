import * as z from "zod";
import type { Config, LoginMethod } from "../types.js";
import { lineFrom } from "../values/names.js";
import { fromFolder, secretSourceFrom } from "../values/secret-source.js";
import { rememberFrom } from "../values/units.js";
import { campus, campusOf } from "./campus.js";
import { flag, leaf, list, section } from "./fields.js";
import { groupServersOf, groups, membersOf, users } from "./groups.js";
import { providerOf, providers } from "./providers.js";
import { passwords, roster, rosterOf } from "./roster.js";
import { services, servicesOf } from "./services.js";

const allow = z.union([
  z.literal("everyone"),
  section(
    {
      groups: list(
        { what: "a list of groups", example: "[geo-101]" },
        leaf(lineFrom("the name of a group", "geo-101", 255)),
      ),
    },
    "{groups: [geo-101]}",
    "everyone, or a mapping of groups",
  ),
]);

/** `login` of swarmhub.yaml; rules/login.ts has the keys that exclude or need each other. */
export const login = section(
  {
    "shared-password": leaf(secretSourceFrom).exactOptional(),
    ...providers,
    ...campus,
    allow: allow.exactOptional(),
    passwords: passwords.exactOptional(),
    roster: roster.exactOptional(),
    remember: leaf(rememberFrom).default(rememberFrom("12h")),
    admins: users.default([]),
    teachers: users.default([]),
    "admins-may-enter": flag.default(false),
    groups: groups.default({}),
    services: services.default([]),
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
  services: servicesOf(settings.services, folder),
  ...(settings.allow !== undefined && { allow: settings.allow }),
  ...(settings.roster !== undefined && { roster: rosterOf(settings.roster, folder) }),
});

/** The method of login, of which the file has one key; without any it is a generated password for all. */
const methodOf = (settings: Login, folder: string): LoginMethod =>
  providerOf(settings, folder) ??
  campusOf(settings, folder) ??
  (settings.passwords === undefined
    ? {
        kind: "shared-password",
        password: fromFolder(settings["shared-password"] ?? { kind: "generated" }, folder),
      }
    : { kind: "passwords" });
