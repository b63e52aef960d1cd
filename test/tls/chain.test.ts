import test from "ava";
import { UserError } from "../../src/errors.js";
import { certificatesIn, checkRoots } from "../../src/tls/chain.js";
import { certificateOf } from "./support/certificates.js";

const root = (extensions: string): string =>
  certificateOf({ name: "root", extensions }).certificate;
const check = (pem: string) => () => checkRoots(certificatesIn(pem));
const good = root("basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign");
const bare = root("basicConstraints=critical,CA:TRUE");

test("a root that may sign certificates is accepted, also beside one that is not", (t) => {
  t.notThrows(check(good));
  t.notThrows(check(bare + good));
});

test("a self-signed certificate of the ACME server is accepted", (t) => {
  t.notThrows(check(certificateOf({ name: "ca.example.org" }).certificate));
});

for (const [fault, extensions, expected] of [
  ["that is not an authority", "basicConstraints=critical,CA:FALSE", /may not sign others/],
  ["without basicConstraints", "keyUsage=keyCertSign", /may not sign others/],
  [
    "whose key has another usage",
    "basicConstraints=critical,CA:TRUE\nkeyUsage=digitalSignature",
    /may not sign others/,
  ],
  ["without a key usage", "basicConstraints=critical,CA:TRUE", /certbot rejects a root without/],
  [
    "with basicConstraints that are not critical",
    "basicConstraints=CA:TRUE\nkeyUsage=critical,keyCertSign",
    /certbot rejects a root without/,
  ],
] as const)
  test(`a root is refused ${fault}`, (t) => {
    const error = t.throws(check(root(extensions)), { instanceOf: UserError });
    t.regex(error.reason, expected);
  });
