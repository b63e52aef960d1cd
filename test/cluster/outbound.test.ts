import test from "ava";
import { proxyOn, proxyText, proxyVariables, withoutLogin } from "../../src/cluster/outbound.js";
import { paths } from "../../src/paths.js";
import { classOf, machinesOf } from "../support/class-of.js";

const seen = (facts: object, config = {}) => {
  const cluster = classOf(1, { config });
  const machines = machinesOf(cluster, facts);
  return proxyOn(cluster, machines, machines(cluster.manager).facts);
};

test("the class's own names, machines and private networks are never asked through the proxy", (t) => {
  const { except = [] } =
    seen(
      {
        addresses: [{ device: "eth0", address: "192.0.2.7", prefix: 24, mtu: 1500 }],
      },
      {
        proxy: { http: "http://p:1", https: "http://p:1", except: ["git.local"] },
        domain: "geo.example.org",
        otherNames: ["geo.example.edu"],
        subdomains: true,
      },
    ) ?? {};
  for (const name of [
    "git.local",
    "geo.example.org",
    "geo.example.edu",
    ".geo.example.org",
    "192.0.2.7",
    "127.0.0.1",
    "10.0.0.0/8",
    "hub",
    "proxy",
    "edge",
    "registry",
  ])
    t.true(except.includes(name), name);
});

test("what the owner gave to Docker is used, in daemon.json and in its environment", (t) => {
  const environment = {
    dockerProxy: { http_proxy: "geo:pw@10.1.2.3:3128", no_proxy: "a.example, .b" },
  };
  t.like(seen(environment), {
    http: "http://geo:pw@10.1.2.3:3128",
    https: "http://geo:pw@10.1.2.3:3128",
  });
  t.deepEqual(seen(environment)?.except.slice(0, 2), ["a.example", ".b"]);
  const files = {
    [paths.dockerConfiguration]: JSON.stringify({
      proxies: { "https-proxy": "http://p.example:80" },
    }),
  };
  t.is(seen({ files })?.https, "http://p.example");
  t.is(seen({}), undefined);
  t.is(seen({ dockerProxy: { https_proxy: "socks5://p:1" } }), undefined);
});

test("users read no login, and a message neither", (t) => {
  const proxy = { http: "http://geo:pw@p:1", https: "http://geo:pw@p:2", except: ["hub"] };
  t.deepEqual(withoutLogin(proxy), { http: "http://p:1", https: "http://p:2", except: ["hub"] });
  t.is(proxyText(proxy), "p:2");
  t.deepEqual(Object.keys(proxyVariables(proxy)), [
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "no_proxy",
  ]);
});
