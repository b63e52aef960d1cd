import { CommandError } from "../errors.js";
import { quoteAll } from "../text/shell.js";
import { localTransport } from "../transport/local.js";
import type { ExecOptions } from "../transport/transport.js";

/** Runs argv on the operator's own machine, as the operator, and returns its stdout. Throws CommandError on a non-zero exit. */
export const runLocally = async (
  argv: readonly string[],
  options: ExecOptions & { title: string },
): Promise<string> => {
  const transport = localTransport();
  try {
    const output = await transport.exec(quoteAll(argv), options);
    if (output.code !== 0) throw new CommandError("local", options.title, output);
    return output.stdout;
  } finally {
    await transport.close();
  }
};
