import test from "ava";
import { browsers } from "../../src/checks/browsers.js";
import { classOf } from "../support/class-of.js";
import { contextOf, lines } from "./support/context.js";

for (const [name, config, line] of [
  ["a domain", { domain: "geo.example.org" }, "https://geo.example.org"],
  [
    "an address as the manager",
    { manager: { destination: "debian@203.0.113.10" } },
    "https://203.0.113.10",
  ],
  ["public-address", { publicAddress: "10.8.0.7" }, "https://10.8.0.7"],
  [
    "a private address only",
    {},
    "https://10.77.0.11; if they need another address, as behind NAT or a jump host, write it as public-address",
  ],
] as const)
  test(`the check says where browsers reach a class with ${name}`, async (t) => {
    const context = contextOf(classOf(0, { config }));
    t.deepEqual(lines(await browsers.run(context)), [`ok: browsers reach the class at ${line}`]);
  });
