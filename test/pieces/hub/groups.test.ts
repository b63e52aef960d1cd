import test from "ava";
import type { Bytes, Config, Person } from "../../../src/config/types.js";
import { hubGroups } from "../../../src/pieces/hub/groups.js";
import { fakeConfig, persistentStorage } from "../../support/fakes.js";

const oidc = {
  kind: "oidc",
  issuer: "https://id.example.edu",
  service: "Uni X",
  client: "hub",
  secret: { kind: "env", name: "S" },
  username: "sub",
  groups: "groups",
  domains: [],
  organizations: [],
  identityProviders: [],
} as const;

const configOf = (login: Partial<Config["login"]> = {}): Config =>
  fakeConfig({
    login: {
      ...fakeConfig().login,
      groups: {
        staff: ["ada", "bob"],
        tutors: [],
        plain: ["zoe"],
        open: ["eve"],
        bare: ["ada"],
        "of-roster": ["bob"],
        "of-provider": [],
      },
      groupServers: {
        staff: { memory: (8 * 2 ** 30) as Bytes, images: ["R"], claims: [] },
        tutors: { images: [], claims: ["role:instructor"] },
      },
      allow: { groups: ["open", "uni:all"] },
      ...login,
    },
    storage: persistentStorage({ quota: { default: 5 as Bytes, groups: { plain: 9 as Bytes } } }),
  });

test("the hub gets each group of the configuration, its names at the provider, and members who are not on the roster", (t) => {
  const people: Person[] = [{ name: "bob", shown: "bob", groups: ["of-roster", "staff"] }];
  const none = { memory: null, cpu: null, images: [] };
  t.deepEqual(hubGroups(configOf({ method: { ...oidc, domains: [], organizations: [], identityProviders: [] }, people })), [
    { name: "staff", members: ["ada"], claims: ["staff"], ...none, memory: 8 * 2 ** 30, images: ["R"] },
    { name: "tutors", members: [], claims: ["role:instructor"], ...none },
    { name: "plain", members: ["zoe"], claims: ["plain"], ...none },
    { name: "open", members: ["eve"], claims: ["open"], ...none },
    { name: "bare", members: ["ada"], claims: ["bare"], ...none },
    { name: "of-roster", members: [], claims: ["of-roster"], ...none },
    { name: "of-provider", members: [], claims: ["of-provider"], ...none },
  ]);
  t.deepEqual(
    hubGroups(configOf()).map(({ claims }) => claims),
    [[], [], [], [], [], []],
    "a password tells no groups",
  );
});
