import test from "ava";
import { addresses } from "../../src/checks/addresses.js";
import { classOf } from "../support/class-of.js";
import { contextOf, lines } from "./support/context.js";

const at = (address: string) => ({
  addresses: [{ device: "eth0", address, prefix: 24, mtu: 1500 }],
});

test("a public address between machines is a warning that names the risk", async (t) => {
  const some = { manager: at("192.0.2.10"), worker1: at("192.0.2.11") };
  const [found] = await addresses.run(contextOf(classOf(1), { some }));
  t.is(found?.level, "warning");
  t.regex(
    found?.text ?? "",
    /manager \(192\.0\.2\.10\), worker1 .* cross that network unencrypted/,
  );
});

test("private addresses, and a class of one machine, need no warning", async (t) => {
  t.deepEqual(lines(await addresses.run(contextOf(classOf(1)))), []);
  const alone = { some: { manager: at("192.0.2.10") } };
  t.deepEqual(lines(await addresses.run(contextOf(classOf(0), alone))), []);
});
