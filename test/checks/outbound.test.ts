import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import test, { type ExecutionContext } from "ava";
import { execa } from "execa";
import { outboundCheck } from "../../src/checks/outbound.js";
import { proxyLogin } from "../../src/names.js";
import { classOf } from "../support/class-of.js";
import { contextOf } from "./support/context.js";

/** A proxy that answers every CONNECT with this status. */
const answering = async (t: ExecutionContext, status: number) => {
  const asked: string[] = [];
  const server = createServer()
    .on("connect", ({ url = "", headers }, socket: Socket) => {
      asked.push(`${url} ${headers["proxy-authorization"] ?? ""}`);
      socket.end(`HTTP/1.1 ${status} x\r\n\r\n`);
    })
    .listen(0, "127.0.0.1");
  t.teardown(() => server.close());
  await once(server, "listening");
  return { asked, address: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
};

/** The findings of the check, whose program really runs, for a proxy at this address. */
const findings = async (
  http: string,
  login?: string,
  { except = [], mirrors = [] }: { except?: string[]; mirrors?: string[] } = {},
) => {
  const cluster = classOf(0, {
    secrets: new Map(login === undefined ? [] : [[proxyLogin, login]]),
    config: {
      proxy: { http, https: http, except },
      engine: { ...classOf(0).config.engine, registryMirrors: mirrors },
    },
  });
  cluster.manager.script = async (text) =>
    (await execa("sh", ["-s"], { input: `{\n${text}\n}\n` })).stdout;
  return (await outboundCheck.run(contextOf(cluster))).map(({ level, text, hint = "" }) =>
    [level, text.replace(/127\.0\.0\.1:\d+/, "PROXY"), hint].join(" | "),
  );
};

test("a proxy that connects to the registry of the image is all right", async (t) => {
  const { address, asked } = await answering(t, 200);
  t.deepEqual(await findings(address, "geo:p%40ss"), [
    "ok | the proxy PROXY connects to quay.io | ",
  ]);
  t.deepEqual(asked, [`quay.io:443 Basic ${Buffer.from("geo:p@ss").toString("base64")}`]);
});

for (const [status, login, words] of [
  [
    407,
    undefined,
    /error \| the proxy PROXY asks for a user name and a password .*password: from-env/,
  ],
  [
    407,
    "geo:x",
    /error \| the proxy PROXY rejects the user name or the password .*proxy\.password/,
  ],
  [403, undefined, /error \| the proxy PROXY does not connect to quay\.io \(status 403\)/],
] as const)
  test(`a proxy that answers ${status} ${login === undefined ? "without" : "with"} a login is an error with its cure`, async (t) => {
    const { address } = await answering(t, status);
    const [found = ""] = await findings(address, login);
    t.regex(found, words);
    t.notRegex(found, /geo:x/);
  });

test("a proxy that does not answer is an error", async (t) => {
  const [found = ""] = await findings("http://127.0.0.1:1");
  t.regex(found, /^error \| the proxy PROXY does not answer \(Connection refused\)/);
});

test("with mirrors a proxy that refuses Docker Hub is a warning, and still an error for other registries", async (t) => {
  const { address, asked } = await answering(t, 502);
  const mirrors = ["http://10.0.0.9:5000"];
  const [refused = ""] = await findings(address, undefined, { mirrors });
  t.regex(refused, /^error \| the proxy PROXY does not connect to quay\.io \(status 502\)/);
  const [found = ""] = await findings(address, undefined, { mirrors, except: ["quay.io"] });
  t.regex(found, /^warning \| .* registry-1\.docker\.io .*\| images come from engine\.registry-m/);
  t.deepEqual(asked, ["quay.io:443 ", "registry-1.docker.io:443 "]);
});

for (const except of ["quay.io", ".io", "*.io", "io"])
  test(`a registry below the exception ${except} is not asked for through the proxy`, async (t) => {
    const { address, asked } = await answering(t, 200);
    await findings(address, undefined, { except: [except] });
    t.deepEqual(asked, ["registry-1.docker.io:443 "]);
  });

test("a class without a proxy is not asked about one", async (t) => {
  t.deepEqual(await outboundCheck.run(contextOf(classOf(1))), []);
});
