import test from "ava";
import { configFrom } from "../../../src/config/load.js";
import { complaintsOf } from "../support/complaints.js";

const withProxy = (value: string) => `name: geo\nmanager: m\nstorage: temporary\nproxy: ${value}\n`;
const proxyOf = (value: string) => configFrom(withProxy(value), "/class/swarmhub.yaml").proxy;

test("a proxy is an address, or a mapping with exceptions and a login from elsewhere", (t) => {
  const http = "http://proxy.example.org:3128";
  t.deepEqual(proxyOf("http://Proxy.example.org:3128/"), { http, https: http, except: [] });
  t.deepEqual(
    proxyOf(
      '{http: "http://10.1.2.3:3128", https: "http://proxy.example.org:3128", except: ["*.Example.org", 10.20.0.0/16, git.local], user: geo, password: from-file secret}',
    ),
    {
      http: "http://10.1.2.3:3128",
      https: http,
      except: [".example.org", "10.20.0.0/16", "git.local"],
      login: { user: "geo", password: { kind: "file", path: "/class/secret" } },
    },
  );
  t.is(configFrom("name: geo\nmanager: m\nstorage: temporary\n", "/c/s.yaml").proxy, undefined);
});

for (const [value, complaint] of [
  ["http://ada:s3cret@proxy:3128", /user: NAME and password: from-env PROXY_PASSWORD/],
  ["https://proxy.example.org:3128", /begins with http:\/\//],
  ["http://proxy.example.org", /a host and a port/],
  ['{http: "http://p:1", user: geo}', /needs password beside it/],
  ['{http: "http://p:1", password: from-env P}', /needs user beside it/],
  ['{http: "http://p:1", user: g, password: s3cret}', /from-env NAME/],
  ['{http: "http://p:1", except: ["https://a.example"]}', /without https:/],
  ['{http: "http://p:1", except: [10.0.0.0/40]}', /not a valid network/],
  ["{except: [a]}", /"proxy.http" is missing/],
] as const)
  test(`refused: proxy: ${value}`, (t) => {
    const complaints = complaintsOf(withProxy(value)).join("\n");
    t.regex(complaints, complaint);
    t.notRegex(complaints, /s3cret/);
  });
