import test from "ava";
import { domain } from "../../src/checks/domain.js";
import { classOf } from "../support/class-of.js";
import { contextOf } from "./support/context.js";

const names: Record<string, string[]> = {
  "geo.example.org": ["203.0.113.10"],
  "inside.example.org": ["10.77.0.11"],
  "loop.example.org": ["::1", "127.0.1.1"],
  "away.example.org": ["198.51.100.7"],
};

const found = (name: string | undefined, destination: string) =>
  domain.run(
    contextOf(classOf(0, { config: { ...(name && { domain: name }), manager: { destination } } }), {
      operator: {
        lookup: async (wanted) => names[wanted] ?? (/^[\d.]+$/.test(wanted) ? [wanted] : []),
      },
    }),
  );

test("without a domain there is nothing to resolve", async (t) => {
  t.deepEqual(await found(undefined, "debian@203.0.113.10"), []);
});

for (const [name, destination] of [
  ["geo.example.org", "debian@203.0.113.10"],
  ["geo.example.org", "ssh://root@geo.example.org:2222"],
  ["inside.example.org", "manager"],
] as const)
  test(`${name} points to ${destination}`, async (t) => {
    t.deepEqual(
      (await found(name, destination)).map(({ level }) => level),
      ["ok"],
    );
  });

test("a domain that points elsewhere is a warning with the record to set", async (t) => {
  const [only] = await found("away.example.org", "debian@203.0.113.10");
  t.is(only?.level, "warning");
  t.regex(only?.text ?? "", /points to 198\.51\.100\.7, and manager has 203\.0\.113\.10/);
  t.regex(only?.hint ?? "", /A record of away\.example\.org to 203\.0\.113\.10/);
});

test("a name that resolves to a loopback address is no proof", async (t) => {
  const [only] = await found("loop.example.org", "debian@loop.example.org");
  t.is(only?.level, "warning");
  t.regex(only?.hint ?? "", /to 10\.77\.0\.11/);
});

const withSubdomains = (records: (name: string) => string[]) => {
  const asked: string[] = [];
  const config = { domain: "geo.example.org", subdomains: true };
  const cluster = classOf(0, { config: { ...config, manager: { destination: "203.0.113.10" } } });
  const lookup = async (name: string) => {
    asked.push(name);
    return name === "203.0.113.10" ? [name] : records(name);
  };
  return domain.run(contextOf(cluster, { operator: { lookup } })).then((all) => ({ all, asked }));
};

test("with subdomains, a random name below the domain is looked up", async (t) => {
  const { all, asked } = await withSubdomains(() => ["203.0.113.10"]);
  t.deepEqual(
    all.map(({ level, text }) => `${level}: ${text}`),
    ["ok: geo.example.org points to manager", "ok: *.geo.example.org points to manager"],
  );
  t.regex(asked.join(" "), / swarmhub-[0-9a-f]{8}\.geo\.example\.org$/);
});

test("without a record for subdomains there is a warning with the record to create", async (t) => {
  const { all } = await withSubdomains((name) =>
    name === "geo.example.org" ? ["203.0.113.10"] : [],
  );
  t.deepEqual(
    all.map(({ level }) => level),
    ["ok", "warning"],
  );
  t.is(
    all[1]?.text,
    "*.geo.example.org does not resolve, and manager has 203.0.113.10, 10.77.0.11",
  );
  t.is(
    all[1]?.hint,
    "at your DNS provider, set the A record of *.geo.example.org to 203.0.113.10; until then browsers do not find users' servers",
  );
});

test("behind NAT, a domain points to public-address", async (t) => {
  const config = { publicAddress: "198.51.100.7", manager: { destination: "manager" } };
  const foundFor = (domainName: string) =>
    domain.run(
      contextOf(classOf(0, { config: { ...config, domain: domainName } }), {
        operator: { lookup: async (wanted) => names[wanted] ?? [] },
      }),
    );
  t.is((await foundFor("away.example.org"))[0]?.level, "ok");
  t.regex(
    (await foundFor("geo.example.org"))[0]?.hint ?? "",
    /A record of geo\.example\.org to 198\.51\.100\.7/,
  );
});

test("a name that does not resolve is a warning", async (t) => {
  const [only] = await found("nowhere.example.org", "manager");
  t.is(only?.level, "warning");
  t.regex(only?.text ?? "", /^nowhere\.example\.org does not resolve/);
});
