import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openChromium } from "../chromium.js";
import { domain, startLoginSite } from "../login/site.js";
import { tryCas } from "./cas.js";
import { makeDirectory } from "./directory.js";
import { ldapPort, tryLdap } from "./ldap.js";
import { tryLti } from "./lti.js";
import { startCampus } from "./servers.js";
import { hub, seen } from "./steps.js";

// Chromium logs in to a class on loopback at a real CAS server, a real LDAP directory and a stand-in for a learning platform. This
// program prints as JSON what it saw. It runs in a network namespace of its own: see ../isolated-program.ts.

const common = { publicUrl: hub, admins: ["prof"] };

const main = async (): Promise<void> => {
  const folder = await mkdtemp(join(tmpdir(), "swarmhub-campus-"));
  const roots = join(folder, "class-root.pem");
  const campus = await startCampus(folder, hub, roots);
  const ldapFolder = join(folder, "ldap");
  await mkdir(ldapFolder);
  const directory = await makeDirectory(ldapFolder, ldapPort);
  const service = "Example University";
  const cas = { kind: "cas", service, url: `${campus.address}/cas`, groups: "memberOf" };
  const ldap = {
    kind: "ldap",
    service,
    url: `ldap://localhost:${ldapPort}`,
    base: directory.base,
    attribute: "uid",
    reader: `cn=reader,${directory.base}`,
    groups: { "geo-101": `cn=geo-101,${directory.base}` },
  };
  const lti = {
    kind: "lti",
    service: "Moodle",
    issuer: campus.address,
    client: "client-1",
    deployments: ["4"],
    authorize: `${campus.address}/auth`,
    keys: `${campus.address}/keys`,
  };
  const site = await startLoginSite({
    settings: { ...common, loginMethod: cas, allowedGroups: ["geo-101"] },
    secrets: { "login-ca": campus.root, "login-password": "reader-password" },
  });
  await writeFile(roots, site.root);
  // The CAS server reaches the class at its port for single log-out.
  const forward = createServer((socket) => {
    const onward = connect(site.port, "127.0.0.1");
    socket.pipe(onward).pipe(socket);
    for (const each of [socket, onward]) each.on("error", () => each.destroy());
  }).listen(443, "127.0.0.1");
  const browser = await openChromium({
    hosts: { [domain]: site.port },
    keys: [site.key, ...campus.keys],
  });
  try {
    await tryCas(browser, campus, site);
    await directory.start(campus.valid);
    await site.restart({ settings: { loginMethod: ldap }, secrets: {} });
    await tryLdap(browser, directory, campus, site);
    await site.restart({
      settings: { loginMethod: lti, allowedGroups: ["course:7"] },
      secrets: {},
    });
    await tryLti(browser, campus, site);
    seen["memory"] = `${site.state().kilobytes} kB`;
  } finally {
    await browser.close();
    forward.close();
    await site.close();
    await campus.close();
    await rm(folder, { recursive: true });
  }
  process.stdout.write(`\n${JSON.stringify(seen)}`);
  process.exit(0);
};

await main();
