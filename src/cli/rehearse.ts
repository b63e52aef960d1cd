import type { Command } from "commander";
import type { RehearseOptions } from "../commands/rehearse.js";
import { examples, positive } from "./arguments.js";
import { runCommand } from "./run.js";

/** The command that rehearses a class. */
export const addRehearse = (program: Command): void => {
  program
    .command("rehearse")
    .description("let simulated people use the class, and say what breaks first (exit code 1)")
    .option(
      "--people <number>",
      "how many people come; by default as many as there are seats",
      positive,
    )
    .option("--minutes <number>", "how long each of them works", positive, 2)
    .option("--notebook <file>", "the notebook that they run, instead of a small one")
    .option("--at-once", "only all at once, not spread over two minutes before", false)
    .option("--report <file>", "write the report with charts as one HTML file")
    .option(
      "--beside-people",
      "also while people of the class work, in the seats that are free",
      false,
    )
    .option("--clear", "only remove what a rehearsal that was killed has left", false)
    .addHelpText(
      "after",
      examples(
        "swarmhub rehearse",
        "swarmhub rehearse --people 40 --notebook lesson.ipynb --report rehearsal.html",
        "swarmhub rehearse --clear",
      ),
    )
    .action(
      runCommand<RehearseOptions>(async () => (await import("../commands/rehearse.js")).rehearse),
    );
};
