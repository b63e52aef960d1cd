import { once } from "node:events";
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { ExecutionContext } from "ava";
import { outboundProxySecret } from "../../contracts/outbound-proxy.js";
import { type EdgeStatus, statusFrom } from "../../contracts/edge-status.js";
import { pairFrom } from "../../nginx/certificate-pair.js";
import { selfSigned } from "../../nginx/self-signed.js";
import { ask, askDuringReload, handshake, upgraded } from "./support/client.js";
import { type Edge, eventually, startEdge } from "./support/running-edge.js";
import { makeAuthority } from "./support/signing.js";
import { startUpstream } from "./support/upstream.js";
import { withNginx } from "./support/with-nginx.js";

const servername = "localhost";

/**
 * A fake certbot: notes its environment, and signs the request with an authority created for it, or fails with the text of the file
 * `refusal` while that exists.
 */
const certbot = (folder: string): string => `#!/bin/sh
set -e
env >${folder}/environment
if [ -e ${folder}/refusal ]; then cat ${folder}/refusal; exit 1; fi
value() { sed -n "s/^$1 = //p" "$4"; }
request=$(value csr "$@") chain=$(value fullchain-path "$@")
ls "$(value webroot-path "$@")" >/dev/null
cd ${folder}
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -noenc -subj /CN=lab -keyout ca.key -out ca.pem 2>/dev/null
openssl x509 -req -in "$request" -CA ca.pem -CAkey ca.key -days 90 -copy_extensions copyall -out leaf.pem 2>/dev/null
cat leaf.pem ca.pem >"$chain"
`;

/** An edge with an authority that serves a directory, and the fake certbot. */
const startSite = async (t: ExecutionContext) => {
  const folder = await mkdtemp(join(tmpdir(), "swarmhub-acme-"));
  t.teardown(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, "certbot"), certbot(folder), { mode: 0o755 });
  await chmod(join(folder, "certbot"), 0o755);
  const { pair } = await selfSigned(folder, folder, ["localhost"], new Date());
  const authority = createServer({ cert: pair.pem, key: pair.pem }, (_request, response) => {
    response.end("{}");
  }).listen(0, "127.0.0.1");
  t.teardown(() => authority.close());
  await once(authority, "listening");
  const { port } = authority.address() as AddressInfo;
  const upstream = await startUpstream();
  t.teardown(upstream.close);
  const tls = { kind: "acme", directory: `https://localhost:${port}/dir`, ca: true };
  const refuse = (text: string) => writeFile(join(folder, "refusal"), text);
  const accept = () => rm(join(folder, "refusal"));
  await refuse("Type: connection\nDetail: Timeout during connect");
  const edge = await startEdge({
    domain: "localhost",
    tls,
    upstream: `127.0.0.1:${upstream.port}`,
    folders: { certbot: folder },
  });
  t.teardown(edge.close);
  const acme = join(edge.certificates, "acme");
  await mkdir(acme, { recursive: true });
  // A port where nothing listens: only certbot is told to use it, since "localhost" is excepted.
  const proxy = {
    http: `http://${proxyLogin}@127.0.0.1:9`,
    https: `http://${proxyLogin}@127.0.0.1:9`,
  };
  const secret = JSON.stringify({ ...proxy, except: ["localhost", "10.0.0.0/8"] });
  await writeFile(join(dirname(edge.certificates), "secrets", outboundProxySecret), secret);
  await writeFile(join(acme, "ca.pem"), pair.pem.replace(/-----BEGIN [A-Z ]*PRIVATE[^]*/, ""));
  const environment = () => readFile(join(folder, "environment"), "utf8");
  return { edge, refuse, accept, environment };
};

const proxyLogin = "geo:p%40ss-phrase";

const statusWhen = async (
  edge: Edge,
  description: string,
  is: (status: EdgeStatus) => boolean,
): Promise<EdgeStatus> => {
  const read = async () =>
    statusFrom(await readFile(join(edge.certificates, "status.json"), "utf8"))!;
  await eventually(() => read().then(is, () => false), description);
  return read();
};

const serialOf = async (edge: Edge): Promise<string | undefined> => {
  const socket = await handshake(edge.ports.https, { servername });
  const { serialNumber } = socket.getPeerX509Certificate() ?? {};
  socket.destroy();
  return serialNumber;
};

withNginx("an authority's certificate is swapped in under an open websocket", async (t) => {
  const { edge, refuse, accept, environment } = await startSite(t);
  // Whichever comes first: the refusal, or the root certificate that does not exist yet.
  await statusWhen(edge, "it failed", (status) => status.attempt?.outcome === "failed");
  const open = await upgraded(edge.ports.https, "localhost", { servername });
  const policy = async () => {
    const options = { servername, headers: { Host: servername } };
    const answer = await askDuringReload(edge.ports.https, "/", options);
    t.is(answer.status, 200);
    return answer.headers["strict-transport-security"];
  };
  t.is(await policy(), undefined);

  await accept();
  edge.process.kill("SIGUSR1");
  const got = await statusWhen(
    edge,
    "the issued certificate is served",
    ({ kind }) => kind === "acme",
  );
  await statusWhen(edge, "the attempt has ended", (status) => status.attempt?.outcome === "ok");
  t.is(await serialOf(edge), got.serial);
  t.is(got.issuer, "lab");
  t.deepEqual(got.names, ["localhost"]);
  const variables = (await environment()).split("\n");
  t.true(variables.includes(`HTTPS_PROXY=http://${proxyLogin}@127.0.0.1:9`));
  t.true(variables.includes("NO_PROXY=localhost,10.0.0.0/8"));
  // For a moment nginx's old workers still answer.
  const isStrict = async () => (await policy()) === "max-age=604800";
  await eventually(isStrict, "HSTS is sent");
  t.is(await open.echo("one"), "one");

  const basic = Buffer.from(decodeURIComponent(proxyLogin)).toString("base64");
  await refuse(
    `urn:ietf:params:acme:error:rateLimited :: too many certificates\nby http://${proxyLogin}@127.0.0.1:9, ${decodeURIComponent(proxyLogin)}, Basic ${basic}`,
  );
  edge.process.kill("SIGUSR2");
  const refused = await statusWhen(
    edge,
    "it failed",
    (status) => status.attempt?.outcome === "failed",
  );
  t.regex(refused.attempt?.error ?? "", /the rate limit of the authority localhost:\d+ is reached/);
  t.is(await serialOf(edge), got.serial);
  t.is(await open.echo("two"), "two");
  open.socket.destroy();
  const lines = (await edge.output()).split("\n").filter((line) => /certificate for/.test(line));
  t.is(lines.length, 4, lines.join("\n"));
  const said = (await edge.output()) + JSON.stringify(refused);
  t.regex(said, /by http:\/\/…@127\.0\.0\.1:9/);
  t.notRegex(said, new RegExp(`p(%40|@)ss-phrase|${basic}`));
});

withNginx(
  "an own certificate is installed at SIGHUP; with an invalid one the former stays",
  async (t) => {
    const { sign } = makeAuthority();
    const edge = await startEdge({ domain: "localhost", tls: { kind: "own" } });
    t.teardown(edge.close);
    const own = join(edge.certificates, "own");
    await mkdir(own, { recursive: true });
    const install = async (certificate: string, key: string) => {
      await writeFile(join(own, "certificate.pem"), certificate);
      await writeFile(join(own, "key.pem"), key);
      edge.process.kill("SIGHUP");
    };
    const [good, other] = [sign(["localhost"]), sign(["localhost"])];
    await install(good.certificate + good.intermediate, good.key);
    const served = await statusWhen(edge, "it is served", ({ kind }) => kind === "own");
    t.is(served.serial, pairFrom(`${good.certificate}${good.key}`).leaf.serialNumber);
    await install(other.certificate, good.key);
    const invalid = await statusWhen(
      edge,
      "the problem is reported",
      (status) => status.attempt?.outcome === "failed",
    );
    t.regex(invalid.attempt?.error ?? "", /the private key belongs to another certificate/);
    t.is(await serialOf(edge), served.serial);
  },
);

withNginx(
  "with TLS off, forwarded headers are accepted from trusted proxies and from nobody else",
  async (t) => {
    const upstream = await startUpstream();
    t.teardown(upstream.close);
    const headersWith = async (trustedProxies: string[]) => {
      const edge = await startEdge({
        tls: { kind: "off" },
        trustedProxies,
        upstream: `127.0.0.1:${upstream.port}`,
      });
      t.teardown(edge.close);
      const claims = { "X-Forwarded-For": "6.6.6.6, 203.0.113.7", "X-Forwarded-Proto": "https" };
      const { body } = await ask(edge.ports.http, "/", { tls: false, headers: claims });
      return (JSON.parse(body) as { headers: Record<string, string> }).headers;
    };
    const trusted = await headersWith(["127.0.0.0/8"]);
    t.is(trusted["x-forwarded-for"], "203.0.113.7");
    t.is(trusted["x-forwarded-proto"], "https");
    const untrusted = await headersWith(["10.0.0.5"]);
    t.is(untrusted["x-forwarded-for"], "127.0.0.1");
    t.is(untrusted["x-forwarded-proto"], "http");
  },
);
