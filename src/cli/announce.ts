import { type Command, Option } from "commander";
import type { AnnounceOptions } from "../commands/announce.js";
import { examples, moment } from "./arguments.js";
import { runCommand } from "./run.js";

/** The command that says something to everybody. */
export const addAnnounce = (program: Command): void => {
  program
    .command("announce")
    .description("say something to everybody, on the hub's pages and in open JupyterLabs")
    .argument("[text]", "what everybody reads; without it, show what is announced")
    .addOption(
      new Option(
        "--until <time>",
        "when it ends by itself: 11:30 today, or a date and a time",
      ).argParser(moment),
    )
    .option("--withdraw", "take it back", false)
    .addHelpText(
      "after",
      examples(
        'swarmhub announce "We continue at 11:30" --until 11:30',
        "swarmhub announce --withdraw",
      ),
    )
    .action((text: string | undefined, options: unknown, command: Command) =>
      runCommand<AnnounceOptions>(async () => {
        const { announce } = await import("../commands/announce.js");
        return (all, terminal) => announce({ ...all, text }, terminal);
      })(options, command),
    );
};
