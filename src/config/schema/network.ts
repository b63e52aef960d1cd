import * as z from "zod";
import { type Access, type Exception, accessFrom, exceptionFrom } from "../values/network.js";
import { isMapping, leaf, list, section } from "./fields.js";

/** What users' servers reach outside of the class, and the exceptions. */
export type UsersNetwork = { access: Access; except: Exception[] };

/** `servers.network`: a word, or a mapping of a word and its exceptions. */
export const network = z.preprocess(
  (value) => (isMapping(value) ? value : { access: value }),
  section(
    {
      access: leaf(accessFrom).default("no-private"),
      except: list(
        { what: "a list of addresses and networks", example: "[10.1.2.0/24]" },
        leaf(exceptionFrom),
      ).default([]),
    },
    "{access: none, except: [10.1.2.0/24]}",
    "open, no-private, none, or a mapping of access and except",
  ),
);

/** What a class has without the key. */
export const defaultNetwork: UsersNetwork = { access: "no-private", except: [] };
