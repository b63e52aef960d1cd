import type { Command } from "commander";
import type { ClassOptions } from "../commands/shared/session.js";
import type { TlsRenewOptions } from "../commands/tls/renew.js";
import { examples } from "./arguments.js";
import { runCommand } from "./run.js";

/** The commands on certificates. */
export const addTls = (program: Command): void => {
  const group = program
    .command("tls")
    .description(
      "show the certificate that browsers get, until when, and how the last attempt went",
    )
    .helpCommand(false)
    .addHelpText("after", examples("swarmhub tls", "swarmhub tls --json"))
    .action(
      runCommand<ClassOptions>(async () => (await import("../commands/tls/show.js")).tlsShow),
    );

  group
    .command("renew")
    .description("ask the authority now if it is due, and wait for how that ends")
    .option("--force", "also when it is not due: five a week is Let's Encrypt's limit", false)
    .addHelpText("after", examples("swarmhub tls renew", "swarmhub tls renew --force"))
    .action(
      runCommand<TlsRenewOptions>(async () => (await import("../commands/tls/renew.js")).tlsRenew),
    );
};
