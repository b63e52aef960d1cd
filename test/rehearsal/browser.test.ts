import { once } from "node:events";
import { type IncomingMessage, type ServerResponse, createServer } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import test, { type ExecutionContext } from "ava";
import { type Browser, createBrowser } from "../../src/rehearsal/browser/browser.js";

const browserAt = async (
  t: ExecutionContext,
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<Browser> => {
  const server = createServer(answer);
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  const site = { address: `http://127.0.0.1:${port}`, verify: true };
  const browser = createBrowser(site, Date.now() + 60_000);
  t.teardown(() => {
    browser.close();
    server.closeAllConnections();
    server.close();
  });
  return browser;
};

test("a request on a connection that the class ends at that moment is sent again on another one", async (t) => {
  const seen = new Set<Socket>();
  const received: string[] = [];
  const browser = await browserAt(t, (request, response) => {
    received.push(`${request.method} ${request.url}`);
    if (seen.has(request.socket)) request.socket.resetAndDestroy();
    else response.end("an answer");
    seen.add(request.socket);
  });
  await browser.request("/first");
  const { body } = await browser.request("/second", { method: "POST", form: { a: "b" } });
  t.is(body, "an answer");
  t.deepEqual(received, ["GET /first", "POST /second", "POST /second"]);
});

test("a connection that is ended at its first request is an error, and nothing is sent again", async (t) => {
  let requests = 0;
  const browser = await browserAt(t, (request) => {
    requests += 1;
    request.socket.resetAndDestroy();
  });
  await t.throwsAsync(browser.request("/"), { code: "ECONNRESET" });
  t.is(requests, 1);
});

test("an answer that breaks off is an error, and the request is not sent again", async (t) => {
  const seen = new Set<Socket>();
  let requests = 0;
  const browser = await browserAt(t, (request, response) => {
    requests += 1;
    if (!seen.has(request.socket)) response.end("an answer");
    else response.write("half", () => request.socket.resetAndDestroy());
    seen.add(request.socket);
  });
  await browser.request("/first");
  await t.throwsAsync(browser.request("/second"));
  t.is(requests, 2);
});
