import { proxyVariables } from "../../contracts/outbound-proxy.js";
import { once } from "node:events";
import { mkdtempSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { createServer as createHttpServer } from "node:http";
import { createServer } from "node:https";
import { type AddressInfo, type Socket, connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { askAuthority } from "../../nginx/acme/authority.js";
import { agentFor, loginsIn, readOutboundProxy } from "../../nginx/outbound-proxy.js";
import { selfSigned } from "../../nginx/self-signed.js";

const folder = mkdtempSync(join(tmpdir(), "swarmhub-outbound-"));
test.after.always(() => rm(folder, { recursive: true }));

const portOf = (server: { address: () => unknown }) => (server.address() as AddressInfo).port;

/** A forward proxy that wants a login, and leads every CONNECT to one server. */
const proxyTo = async (t: ExecutionContext, port: number) => {
  const asked: string[] = [];
  const server = createHttpServer()
    .on("connect", ({ url = "", headers }, client: Socket) => {
      asked.push(url);
      const login = Buffer.from("geo:p@ss").toString("base64");
      if (headers["proxy-authorization"] !== `Basic ${login}`) {
        client.end("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n");
        return;
      }
      const there = connect(port, "127.0.0.1", () => {
        client.write("HTTP/1.1 200 OK\r\n\r\n");
        there.pipe(client).pipe(there);
      });
      there.on("error", () => client.destroy());
      client.on("error", () => there.destroy());
    })
    .listen(0, "127.0.0.1");
  t.teardown(() => server.close());
  await once(server, "listening");
  return { asked, address: (login: string) => `http://${login}127.0.0.1:${portOf(server)}` };
};

const authorityAt = async (t: ExecutionContext) => {
  const { pair } = await selfSigned(folder, folder, ["localhost"], new Date());
  const server = createServer({ cert: pair.pem, key: pair.pem }, (_request, response) => {
    response.end(JSON.stringify({}));
  }).listen(0, "127.0.0.1");
  t.teardown(() => server.close());
  await once(server, "listening");
  return { port: portOf(server), ca: pair.pem };
};

test("an authority is reached through the proxy, with its login and the authority's own TLS", async (t) => {
  const { port, ca } = await authorityAt(t);
  const way = await proxyTo(t, port);
  // A port where nothing listens: only the proxy leads to the authority.
  const directory = "https://localhost:9/dir";
  const proxy = (login: string, except: string[] = []) => ({
    http: way.address(login),
    https: way.address(login),
    except,
  });
  const ask = (login: string, except?: string[]) =>
    askAuthority({ directory, ca, proxy: proxy(login, except) }, undefined, () => new Date());
  t.is(await ask("geo:p%40ss@"), undefined);
  t.deepEqual(way.asked, ["localhost:9"]);
  const error = await t.throwsAsync<Error & { detail?: string }>(ask(""));
  t.regex(error?.detail ?? "", /the proxy 127\.0\.0\.1 answers with status 407/);
  await t.throwsAsync(ask("geo:p%40ss@", ["localhost"]));
  t.is(way.asked.length, 2);
});

test("a login is known in each form that a program prints, also one with a bare %", (t) => {
  const loginsAt = (address: string) =>
    loginsIn({ http: address, https: "http://p:1", except: [] });
  t.deepEqual(loginsAt("http://geo:p%40ss@p:1"), [
    "geo:p%40ss",
    "geo:p@ss",
    Buffer.from("geo:p@ss").toString("base64"),
  ]);
  t.true(loginsAt("http://geo:100%@p:1").includes("geo:100%"));
  t.deepEqual(loginsAt("http://p:1"), []);
});

test("names, domains and networks are excepted from the proxy", (t) => {
  const proxy = {
    http: "http://p:1",
    https: "http://p:1",
    except: [".example.org", "hub", "10.20.0.0/14"],
  };
  const isDirect = (host: string) => agentFor(proxy, host) === false;
  t.deepEqual(["a.example.org", "hub", "10.23.1.2"].map(isDirect), [true, true, true]);
  t.deepEqual(["example.org", "acme.org", "10.24.0.1"].map(isDirect), [false, false, false]);
  t.is(agentFor(undefined, "acme.org"), false);
});

test("the proxy is read from the secrets, and its text is in no error", async (t) => {
  t.is(await readOutboundProxy(folder), undefined);
  const file = join(folder, "outbound-proxy");
  const proxy = { http: "http://geo:s3cret@p:1", https: "http://geo:s3cret@p:2", except: ["hub"] };
  await writeFile(file, JSON.stringify(proxy));
  const found = await readOutboundProxy(folder);
  t.like(found && proxyVariables(found), {
    https_proxy: "http://geo:s3cret@p:2",
    NO_PROXY: "hub",
  });
  await writeFile(file, JSON.stringify({ ...proxy, except: 'hub" s3cret' }));
  const error = await t.throwsAsync(readOutboundProxy(folder));
  t.regex(error?.message ?? "", /is not an object/);
  t.notRegex(error?.message ?? "", /s3cret/);
});
