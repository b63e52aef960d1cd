import type { Command } from "commander";
import type { ClassOptions } from "../commands/shared/session.js";
import type { TlsRenewOptions } from "../commands/tls/renew.js";
import { examples } from "./arguments.js";
import { runCommand } from "./run.js";

/** The commands on certificates. */
export const addTls = (program: Command): void => {
  const group = program
    .command("tls")
    .description("show the certificate, when it expires and the result of the last renewal")
    .helpCommand(false)
    .addHelpText("after", examples("swarmhub tls", "swarmhub tls --json"))
    .action(
      runCommand<ClassOptions>(async () => (await import("../commands/tls/show.js")).tlsShow),
    );

  group
    .command("renew")
    .description("renew the certificate now if it is due, and wait for the result")
    .option(
      "--force",
      "renew it even if it is not due (Let's Encrypt's limit is five a week)",
      false,
    )
    .addHelpText("after", examples("swarmhub tls renew", "swarmhub tls renew --force"))
    .action(
      runCommand<TlsRenewOptions>(async () => (await import("../commands/tls/renew.js")).tlsRenew),
    );
};
