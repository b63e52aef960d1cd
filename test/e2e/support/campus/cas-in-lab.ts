import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startCampus } from "./servers.js";

// A real CAS server in the network of a lab: `cas-in-lab.js ADDRESS CLASS`. Prints its address and root certificate as one line of JSON,
// and ends with its stdin. It does not know the certificate of the class, so it reports no log-outs.

const [host = "", hub = ""] = process.argv.slice(2);
const folder = await mkdtemp(join(tmpdir(), "swarmhub-cas-"));
const { address, root, close } = await startCampus(folder, hub, join(folder, "none.pem"), host);
process.stdout.write(`${JSON.stringify({ address, root })}\n`);
process.stdin.resume().on("end", () => {
  void close()
    .then(() => rm(folder, { recursive: true }))
    .then(() => process.exit());
});
