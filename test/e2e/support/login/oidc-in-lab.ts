import { startOidcServer } from "./oidc-server.js";

// An OpenID Connect provider in the network of a lab: `oidc-in-lab.js ADDRESS CALLBACK`. Prints its issuer and root certificate as one
// line of JSON, and ends with its stdin.

const [address = "", callback = ""] = process.argv.slice(2);
const server = await startOidcServer(
  { id: "class-client", secret: "class-secret", callback },
  address,
);
Object.assign(server.accounts, {
  a1: { preferred_username: "ada", groups: ["geo-101"] },
  b1: { preferred_username: "bob", groups: ["other"] },
});
process.stdout.write(`${JSON.stringify({ issuer: server.issuer, root: server.root })}\n`);
process.stdin.resume().on("end", () => process.exit());
