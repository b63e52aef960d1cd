import test from "ava";
import { configFrom } from "../../../src/config/load.js";
import { UserError } from "../../../src/errors.js";

/** What is said about a text, a line for each complaint, without the file's name; none for a valid one. */
export const complaintsOf = (text: string): string[] => {
  try {
    configFrom(text, "class.yaml");
    return [];
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return error.message.split("\n").map((line) => line.replace(/^class\.yaml:/, ""));
  }
};

/** A valid file with one more piece of YAML, or with another value for one of its lines. */
export const classWith = (more: string): string => {
  const key = more.split(":")[0] ?? "";
  const kept = minimal.split("\n").filter((line) => !line.startsWith(`${key}:`));
  return [...kept, more].join("\n");
};

/** A test that one more piece of YAML has one complaint, as expected. */
export const refused = test.macro({
  exec: (t, yaml: string, expected: RegExp) => {
    const complaints = complaintsOf(classWith(yaml));
    t.is(complaints.length, 1, complaints.join("\n"));
    t.regex(complaints[0] ?? "", expected);
  },
  title: (_given, yaml: string) => `refused: ${yaml}`,
});

const minimal = "name: geo-101\nmanager: debian@203.0.113.10\nstorage: {device: /dev/vdb}";
