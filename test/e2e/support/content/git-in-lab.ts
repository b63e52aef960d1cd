import { once } from "node:events";
import { createServer } from "node:https";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { execa } from "execa";
import { makeAuthority } from "../../../nginx/support/signing.js";

// A git server in the network of a lab: `git-in-lab.js ADDRESS FOLDER TOKEN`. It serves the repositories in the folder to whoever has the
// token. Prints its address and root certificate as one line of JSON, and ends with its stdin.

const [host = "", folder = "", token = ""] = process.argv.slice(2);
const authority = makeAuthority();
const { certificate, intermediate, key } = authority.sign([host]);

/** Answers by git's own program, as a web server with CGI does (RFC 3875). */
const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
  const [, given = ""] = (request.headers.authorization ?? "").split(" ");
  if (Buffer.from(given, "base64").toString().split(":")[1] !== token) {
    response.writeHead(401, { "www-authenticate": 'Basic realm="git"' }).end();
    return;
  }
  const { pathname, search } = new URL(request.url ?? "/", "https://git.example");
  const header = (name: string) => String(request.headers[name] ?? "");
  const { stdout } = await execa("git", ["http-backend"], {
    input: request,
    encoding: "buffer",
    env: {
      GIT_PROJECT_ROOT: folder,
      GIT_HTTP_EXPORT_ALL: "1",
      REQUEST_METHOD: request.method ?? "GET",
      PATH_INFO: pathname,
      QUERY_STRING: search.slice(1),
      CONTENT_TYPE: header("content-type"),
      CONTENT_LENGTH: header("content-length"),
      HTTP_CONTENT_ENCODING: header("content-encoding"),
      GIT_PROTOCOL: header("git-protocol"),
    },
  });
  const all = Buffer.from(stdout);
  const end = all.indexOf("\r\n\r\n");
  for (const line of all.subarray(0, end).toString().split("\r\n")) {
    const [name = "", value = ""] = line.split(": ");
    if (name === "Status") response.statusCode = Number.parseInt(value, 10);
    else response.setHeader(name, value);
  }
  response.end(all.subarray(end + 4));
};

const server = createServer({ cert: certificate + intermediate, key }, (request, response) => {
  answer(request, response).catch((error: unknown) => {
    process.stderr.write(`${String(error)}\n`);
    response.writeHead(500).end();
  });
});
server.listen(0, host);
await once(server, "listening");
const { port } = server.address() as AddressInfo;
const address = `https://${host}:${port}`;
process.stdout.write(`${JSON.stringify({ address, root: authority.root })}\n`);
process.stdin.resume().on("end", () => process.exit());
