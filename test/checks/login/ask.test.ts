import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import test from "ava";
import { execa } from "execa";
import { askFrom } from "../../../src/checks/login/ask.js";
import { fakeHost } from "../../support/fakes.js";
import { temporaryFolder } from "../../support/temporary-folder.js";

test("a manager asks with the given root certificate, follows no redirect, and reads no endless answer", async (t) => {
  const folder = temporaryFolder();
  const [key, certificate] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"];
  const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  await execa("openssl", [
    "req",
    "-x509",
    ...curve,
    ...subject,
    "-keyout",
    key,
    "-out",
    certificate,
  ]);
  const ca = await readFile(certificate, "utf8");
  const server = createServer({ key: await readFile(key), cert: ca }, ({ url }, response) => {
    if (url === "/endless") return response.end("x".repeat(1_000_000));
    if (url === "/elsewhere") return response.writeHead(302, { location: "/" }).end();
    return response.end('{"a": 1}\n\nsecond part');
  });
  t.teardown(() => server.close());
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const host = {
    ...fakeHost("manager"),
    script: async (text: string) =>
      (await execa("sh", ["-s"], { input: `{\n${text}\n}\n` })).stdout,
  };
  const ask = (path: string, root?: string) =>
    askFrom(host, `https://localhost:${port}${path}`, root);
  const answer = await ask("/", ca);
  t.like(answer, { kind: "answer", status: 200, body: '{"a": 1}\n\nsecond part' });
  t.true(answer.kind === "answer" && Math.abs(answer.ahead ?? 1e9) < 5);
  t.like(await ask("/elsewhere", ca), { kind: "answer", status: 302 });
  t.like(await ask("/endless", ca), { kind: "silent" });
  t.like(await ask("/"), { kind: "unsafe" });
  server.close();
  t.like(await ask("/", ca), { kind: "silent" });
  t.like(await askFrom(host, `http://localhost:${port}/`, ca), { kind: "silent" });
});
