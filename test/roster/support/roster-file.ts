import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { RosterSource } from "../../../src/config/types.js";
import { temporaryFolder } from "../../support/temporary-folder.js";

/** A roster with this content in a folder of its own. */
export const rosterFile = (
  content: string | Uint8Array,
  columns: Pick<RosterSource, "userName" | "group"> = {},
): RosterSource => {
  const folder = temporaryFolder();
  const file = join(folder, "students.csv");
  writeFileSync(file, content);
  return { file, folder, ...columns };
};
