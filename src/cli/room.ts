import type { Command } from "commander";
import type { RoomOptions } from "../commands/room.js";
import { examples } from "./arguments.js";
import { runCommand } from "./run.js";

/** The command that shows who is here. */
export const addRoom = (program: Command): void => {
  program
    .command("room")
    .description("show everybody of the class and the machines, live until Ctrl-C")
    .option("--once", "print the table once", false)
    .option("--metrics-token", "print the token for Prometheus, see docs/operations.md", false)
    .addHelpText("after", examples("swarmhub room", "swarmhub room --json"))
    .action(runCommand<RoomOptions>(async () => (await import("../commands/room.js")).room));
};
