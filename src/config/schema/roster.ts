import { resolve } from "node:path";
import * as z from "zod";
import type { RosterSource } from "../types.js";
import { lineFrom, pathFrom } from "../values/names.js";
import { reader } from "../values/reader.js";
import { isMapping, leaf, section } from "./fields.js";

const column = leaf(lineFrom("the header of a column", "Login", 200)).exactOptional();

/** `login.roster`: a CSV file alone, or with the columns that are used. */
export const roster = z.preprocess(
  (value) => (value === undefined || isMapping(value) ? value : { file: value }),
  section(
    {
      file: leaf(pathFrom("a CSV file", "./students.csv")),
      "user-name": column,
      group: column,
    },
    "./students.csv",
    "a CSV file, or a mapping of file, user-name and group",
  ),
);

/** `login.passwords`, which swarmhub makes. */
export const passwords = leaf(
  reader({ what: "generated" }, (text, reject): "generated" => {
    if (text === "generated") return text;
    throw reject("swarmhub makes a password for everybody on the roster");
  }),
);

/** The roster with an absolute path: that of the file is relative to the folder of swarmhub.yaml. */
export const rosterOf = (
  { file, "user-name": userName, group }: z.output<typeof roster>,
  folder: string,
): RosterSource => ({
  file: resolve(folder, file),
  ...(userName !== undefined && { userName }),
  ...(group !== undefined && { group }),
  folder,
});
