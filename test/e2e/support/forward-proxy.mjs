// A forward proxy for HTTP and CONNECT in a network of virtual machines. Arguments: ADDRESS PORT. It answers for outside.test itself
// ("outside"), as tests leave this machine only for packages. Each request is a line on stdout. A first line of stdin, if it is not
// empty, is the login ("user:password") that it wants from then on.
import { request, createServer } from "node:http";
import { connect } from "node:net";
import { createInterface } from "node:readline";

const [address, port] = process.argv.slice(2);
const say = (text) => void process.stdout.write(`${text}\n`);
let login = "";
createInterface({ input: process.stdin }).on("line", (line) => {
  login = line;
});
const isKnown = ({ headers }) =>
  login === "" ||
  headers["proxy-authorization"] === `Basic ${Buffer.from(login).toString("base64")}`;

createServer((incoming, answer) => {
  const status = isKnown(incoming) ? "" : " 407";
  say(`${incoming.method} ${incoming.url}${status}`);
  if (status !== "") return answer.writeHead(407, { "proxy-authenticate": "Basic" }).end();
  const url = URL.canParse(incoming.url) ? new URL(incoming.url) : undefined;
  if (url === undefined) return answer.writeHead(400).end();
  if (url.hostname === "outside.test") return answer.end("outside\n");
  const { "proxy-authorization": _, "proxy-connection": __, ...headers } = incoming.headers;
  const forwarded = request(url, { method: incoming.method, headers }, (response) => {
    answer.writeHead(response.statusCode, response.headers);
    response.pipe(answer);
  }).on("error", () => answer.writeHead(502).end());
  return incoming.pipe(forwarded);
})
  .on("connect", (incoming, client) => {
    const status = isKnown(incoming) ? "" : " 407";
    say(`CONNECT ${incoming.url}${status}`);
    client.on("error", () => client.destroy());
    if (status !== "") return client.end("HTTP/1.1 407 x\r\nProxy-Authenticate: Basic\r\n\r\n");
    const [host, target] = incoming.url.split(":");
    const there = connect(Number(target), host, () => {
      client.write("HTTP/1.1 200 OK\r\n\r\n");
      there.pipe(client).pipe(there);
    });
    there.on("error", () => client.end("HTTP/1.1 502 x\r\n\r\n"));
    return undefined;
  })
  .listen(Number(port), address, () => say("listening"));
