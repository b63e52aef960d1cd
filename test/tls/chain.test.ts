import test from "ava";
import { UserError } from "../../src/errors.js";
import { certificatesIn, checkRoots } from "../../src/tls/chain.js";
import { certificateOf } from "./support/certificates.js";

const root = (extensions: string): string =>
  certificateOf({ name: "root", extensions }).certificate;
const check = (pem: string) => () => checkRoots(certificatesIn(pem));
const good = root("basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign");
const bare = root("basicConstraints=critical,CA:TRUE");

test("a root that may sign certificates will do, also beside one that will not", (t) => {
  t.notThrows(check(good));
  t.notThrows(check(bare + good));
});

test("what the ACME server signed itself will do", (t) => {
  t.notThrows(check(certificateOf({ name: "ca.example.org" }).certificate));
});

for (const [what, extensions, expected] of [
  ["of no authority", "basicConstraints=critical,CA:FALSE", /may not sign others/],
  ["that does not say whether it is an authority's", "keyUsage=keyCertSign", /may not sign others/],
  [
    "whose key is for something else",
    "basicConstraints=critical,CA:TRUE\nkeyUsage=digitalSignature",
    /may not sign others/,
  ],
  ["without a key usage", "basicConstraints=critical,CA:TRUE", /certbot takes no root without/],
  [
    "with constraints that may be passed over",
    "basicConstraints=CA:TRUE\nkeyUsage=critical,keyCertSign",
    /certbot takes no root without/,
  ],
] as const)
  test(`a root is refused ${what}`, (t) => {
    const error = t.throws(check(root(extensions)), { instanceOf: UserError });
    t.regex(error.reason, expected);
  });
