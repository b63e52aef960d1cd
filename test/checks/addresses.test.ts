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

test("the encrypted overlay network is offered as the cure, which leaves the homes", async (t) => {
  const some = { manager: at("192.0.2.10"), worker1: at("192.0.2.11") };
  const found = async (config: NonNullable<Parameters<typeof classOf>[1]>["config"]) =>
    (await addresses.run(contextOf(classOf(1, { config: config ?? {} }), { some })))[0];
  t.regex(
    (await found({}))?.hint ?? "",
    /`swarm: \{encrypted: true\}` encrypts all but the homes$/,
  );
  const temporary = { storage: { kind: "temporary" } } as const;
  const inClear = await found(temporary);
  t.regex(inClear?.text ?? "", /address: everything that .* exchange cross that network/);
  t.regex(inClear?.hint ?? "", /`swarm: \{encrypted: true\}` encrypts it$/);
  const swarm = { encrypted: true };
  const homes = await found({ swarm });
  t.regex(homes?.text ?? "", /address: homes \(NFS\) cross that network unencrypted/);
  t.notRegex(homes?.hint ?? "", /encrypted/);
  t.is(await found({ ...temporary, swarm }), undefined);
});

test("private addresses, and a class of one machine, need no warning", async (t) => {
  t.deepEqual(lines(await addresses.run(contextOf(classOf(1)))), []);
  const alone = { some: { manager: at("192.0.2.10") } };
  t.deepEqual(lines(await addresses.run(contextOf(classOf(0), alone))), []);
});
