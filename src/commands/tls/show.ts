import { classUrl } from "../../cluster/public-address.js";
import { UserError } from "../../errors.js";
import { paths } from "../../paths.js";
import { tableText } from "../../report/table.js";
import type { Terminal } from "../../report/terminal.js";
import { jsonText } from "../../text/format.js";
import { inspectCertificates } from "../../tls/inspect.js";
import { type ClassOptions, withReachable } from "../shared/session.js";
import { certificateJson, certificateRows } from "./text.js";

/** Shows the certificate that browsers get, when it expires, and the result of the last attempt to get one. */
export const tlsShow = (options: ClassOptions, terminal: Terminal): Promise<void> =>
  withReachable(options, terminal, async (cluster) => {
    const { config, manager } = cluster;
    if ((await manager.facts()).files[paths.edgeConfiguration] === undefined)
      throw new UserError(`${config.name} is not up, so no certificate is served`, {
        host: manager.name,
        hint: "start it: swarmhub up",
      });
    const certificates = await inspectCertificates(cluster);
    const address = await classUrl(cluster);
    if (options.json)
      return terminal.print(jsonText({ address, certificate: certificateJson(certificates) }));
    terminal.print(address);
    terminal.print(tableText(certificateRows(certificates), { screen: terminal.screen }));
    for (const text of certificates.warnings) terminal.report.event({ type: "warning", text });
  });
