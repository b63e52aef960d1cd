import test from "ava";
import { configFrom } from "../../../src/config/load.js";
import { UserError } from "../../../src/errors.js";

/** The complaints about a text, without the file's name; none about a valid one. */
export const complaintsOf = (text: string): string[] => {
  try {
    configFrom(text, "class.yaml");
    return [];
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return error.message.split("\n").map((line) => line.replace(/^class\.yaml:/, ""));
  }
};

/** A valid file with more YAML at its end, or with another value for one of its lines. */
export const classWith = (more: string): string => {
  const key = more.split(":")[0] ?? "";
  const otherLines = minimal.split("\n").filter((line) => !line.startsWith(`${key}:`));
  return [...otherLines, more].join("\n");
};

/** A test that more YAML in a valid file has exactly this complaint: "line:column  text". */
export const refused = test.macro({
  exec: (t, yaml: string, expected: string) => {
    t.deepEqual(complaintsOf(classWith(yaml)), [expected]);
  },
  title: (_prefix, yaml: string) => `refused: ${yaml}`,
});

const minimal = "name: geo-101\nmanager: debian@203.0.113.10\nstorage: {device: /dev/vdb}";
