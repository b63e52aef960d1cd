import test from "ava";
import { configuredProxy } from "../../src/cluster/outbound.js";
import { classUrl, classUrlOn, publicName, shownName } from "../../src/cluster/public-address.js";
import { configFrom } from "../../src/config/load.js";
import { classWith, complaintsOf } from "../config/support/complaints.js";
import { machinesOf } from "../support/class-of.js";
import { fakeCluster, fakeConfig, fakeFacts, fakeHost } from "../support/fakes.js";

for (const [destination, name] of [
  ["debian@203.0.113.10", "203.0.113.10"],
  ["ssh://debian@203.0.113.10:2222", "203.0.113.10"],
  ["local", "10.0.0.5"],
  ["geo", "10.0.0.5"],
  ["debian@geo", "10.0.0.5"],
  ["debian@vm.example.org", "10.0.0.5"],
  ["root@127.0.0.1", "10.0.0.5"],
  ["ssh://root@[2001:db8::1]:22", "10.0.0.5"],
] as const)
  test(`a manager reached as ${destination} is opened at ${name}`, (t) => {
    t.is(publicName(fakeConfig({ manager: { destination } }), "10.0.0.5"), name);
  });

for (const [destination, reachedAt, name] of [
  ["geo", "203.0.113.10", "203.0.113.10"],
  ["debian@vm.example.org", "203.0.113.10", "203.0.113.10"],
  ["debian@203.0.113.10", "203.0.113.10", "203.0.113.10"],
  ["box", "127.0.0.1", "10.0.0.5"],
  ["box", "2001:db8::1", "10.0.0.5"],
  ["behind-a-jump-host", undefined, "10.0.0.5"],
  ["local", undefined, "10.0.0.5"],
] as const)
  test(`a manager ${destination} that is reached at ${reachedAt} is shown at ${name}`, (t) => {
    t.is(shownName(fakeConfig({ manager: { destination } }), "10.0.0.5", reachedAt), name);
  });

const manager = fakeHost("manager", { facts: fakeFacts() });
const behindNat = fakeCluster(manager, [], {
  config: { manager: { destination: "geo" }, publicAddress: "203.0.113.7" },
});

test("with public-address, people and login servers get that address, however swarmhub reaches the manager", async (t) => {
  t.is(shownName(behindNat.config, "10.0.0.5", "198.51.100.1"), "203.0.113.7");
  t.is(await classUrl(behindNat), "https://203.0.113.7");
  t.is(classUrlOn(machinesOf(behindNat), behindNat), "https://203.0.113.7");
});

test("the class's own address is never asked through a proxy", (t) => {
  const config = {
    ...behindNat.config,
    proxy: { http: "http://p:1", https: "http://p:1", except: [] },
  };
  const found = configuredProxy({ ...behindNat, config }, machinesOf(behindNat));
  t.true(found?.except.includes("203.0.113.7"));
});

test("a domain goes before public-address", (t) => {
  const config = { ...behindNat.config, domain: "geo.example.org" };
  t.is(classUrlOn(machinesOf(behindNat), { ...behindNat, config }), "https://geo.example.org");
});

test("public-address is an IPv4 address that others reach", (t) => {
  const value = (text: string) => classWith(`public-address: ${text}`);
  t.is(configFrom(value("203.0.113.7"), "/c.yaml").publicAddress, "203.0.113.7");
  t.is(configFrom(value("10.8.0.7"), "/c.yaml").publicAddress, "10.8.0.7");
  for (const text of ["geo.example.org", "127.0.0.1", "203.0.113.7:8443", '"2001:db8::1"'])
    t.regex(complaintsOf(value(text)).join(), /"public-address" .*expected an IPv4 address/, text);
});
