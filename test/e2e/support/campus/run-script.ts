import { execFile } from "node:child_process";
import { promisify } from "node:util";

/** Runs a script as a machine does. */
export const runScript = async (text: string): Promise<string> =>
  (await promisify(execFile)("sh", ["-c", text])).stdout;
