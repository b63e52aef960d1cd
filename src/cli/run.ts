import type { Command } from "commander";
import type { ClassOptions } from "../commands/shared/session.js";
import { UserError, exitCode } from "../errors.js";
import { type Terminal, createTerminal } from "../report/terminal.js";

/** What a command does with its options and its terminal; Ctrl-C aborts the signal. */
export type Action<Options> = (
  options: Options,
  terminal: Terminal,
  signal: AbortSignal,
) => Promise<void>;

/**
 * Runs one command and sets the exit code: the terminal, Ctrl-C and errors are the same for all. A command is loaded
 * when it is called, so that `--help` reads few files.
 */
export const runCommand =
  <Options extends ClassOptions>(load: () => Promise<Action<Options>>) =>
  async (_options: unknown, command: Command): Promise<void> => {
    const options = command.optsWithGlobals<Options & { debug: boolean }>();
    const terminal = createTerminal(process, { json: options.json, debug: options.debug });
    const interrupt = new AbortController();
    const stop = (): void => {
      if (interrupt.signal.aborted) {
        terminal.close();
        process.exit(exitCode.interrupted);
      }
      terminal.report.event({
        type: "warning",
        text: "stopping after the running steps; press Ctrl-C again to exit now",
      });
      interrupt.abort();
    };
    process.on("SIGINT", stop).on("SIGTERM", stop);
    try {
      const action = await load();
      await action(options, terminal, interrupt.signal);
      terminal.close();
    } catch (error) {
      terminal.fail(error);
      process.exitCode = error instanceof UserError ? error.code : exitCode.failed;
    }
  };
