#!/usr/bin/env node
import { CommanderError } from "commander";
import { createProgram } from "./cli/program.js";
import { exitCode } from "./errors.js";
import { ignoreClosedPipes } from "./report/terminal.js";

// Here and not in the terminal of a command, since `--help` prints without one.
ignoreClosedPipes();

try {
  await createProgram().parseAsync();
} catch (error) {
  // commander has printed what is wrong; its own code for a usage error is 1.
  if (!(error instanceof CommanderError)) throw error;
  process.exitCode = error.exitCode === 0 ? exitCode.done : exitCode.usage;
}
