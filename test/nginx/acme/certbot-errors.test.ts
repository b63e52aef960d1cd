import test from "ava";
import { problemFromCertbot } from "../../../nginx/acme/certbot-errors.js";

const failed = (type: string, detail: string): string => `
Certbot failed to authenticate some domains (authenticator: webroot). The Certificate Authority reported these problems:
  Identifier: geo.example.org
  Type:   ${type}
  Detail: ${detail}

Hint: The Certificate Authority failed to download the temporary challenge files created by Certbot.

Saving debug log to /dev/shm/x/letsencrypt.log
Some challenges have failed.
Ask for help or search for solutions at https://community.letsencrypt.org.`;

const unexpected = (words: string): string =>
  `Saving debug log to /x\nAn unexpected error occurred:\n${words}\nAsk for help or search`;

const known: [string, said: string, message: RegExp, hint: RegExp][] = [
  [
    "a name that is not in the DNS",
    failed("dns", "NXDOMAIN looking up A for geo.example.org"),
    /does not find geo\.example\.org in the DNS: NXDOMAIN/,
    /let geo\.example\.org lead to the manager/,
  ],
  [
    "a closed port",
    failed("connection", "Timeout during connect (likely firewall problem)"),
    /cannot reach geo\.example\.org: Timeout/,
    /open port 80/,
  ],
  [
    "somebody else's site",
    failed("unauthorized", `Invalid response from http://geo.example.org/: 404`),
    /met somebody else at geo\.example\.org/,
    /AAAA/,
  ],
  [
    "a CAA record",
    failed("caa", "CAA record for geo.example.org prevents issuance"),
    /does not let acme\.example give certificates/,
    /CAA/,
  ],
  [
    "too many certificates",
    unexpected(
      "urn:ietf:params:acme:error:rateLimited :: There were too many requests of a given type :: too many certificates (5) already issued",
    ),
    /asked too often/,
    /by itself/,
  ],
  [
    "a missing external account",
    unexpected("urn:ietf:params:acme:error:externalAccountRequired :: The request must include"),
    /wants an external account/,
    /tls\.acme\.eab/,
  ],
  [
    "no external account where one must be",
    "Unable to register an account with ACME server. Server requires external account binding. Please use --eab-kid and --eab-hmac-key.\nAsk for help",
    /acme\.example wants an external account$/,
    /tls\.acme\.eab/,
  ],
  [
    "an external account with another key",
    "Unable to register an account with ACME server. Error returned by the ACME server: external account binding JWS verification error: go-jose: error in cryptographic primitive\nAsk for help",
    /opens no account for us: external account binding JWS verification error: go-jose/,
    /id and key of tls\.acme\.eab/,
  ],
  [
    "an external account that the authority does not know",
    "Unable to register an account with ACME server. Error returned by the ACME server: the field 'kid' references a key that is not known to the ACME server\nAsk for help",
    /opens no account for us: the field 'kid' references a key that is not known/,
    /id and key of tls\.acme\.eab/,
  ],
  [
    "an authority that is away from a name that holds the letters of eab",
    `Requesting a certificate for seabird.example.org\n${unexpected("requests.exceptions.ConnectionError: Max retries exceeded with url: /dir")}`,
    /acme\.example does not answer/,
    /reaches it/,
  ],
  [
    "a script for the DNS that fails",
    `Hook '--manual-auth-hook' for geo.example.org reported error code 3
Hook '--manual-auth-hook' for geo.example.org ran with error output:
 no such zone
${failed("unauthorized", "No TXT records found for DNS challenge")}`,
    /^the script that changes the DNS failed: no such zone$/,
    /present DOMAIN VALUE/,
  ],
  [
    "a script for the DNS that makes another record",
    failed("unauthorized", "Correct value not found for DNS challenge"),
    /does not find our record at _acme-challenge\.geo\.example\.org: Correct value not found/,
    /dns\.propagation/,
  ],
  [
    "a record that is not seen",
    failed("dns", "DNS problem: NXDOMAIN looking up TXT for _acme-challenge.geo.example.org"),
    /does not find our record at _acme-challenge\.geo\.example\.org: DNS problem/,
    /dns\.propagation/,
  ],
  [
    "a DNS server that does not take the key",
    "Encountered exception during recovery: certbot.errors.PluginError: Encountered error deleting TXT record: The peer didn't like the signature we sent\nEncountered error adding TXT record: The peer didn't like the signature we sent\nAsk for help",
    /^your DNS server does not take the record: The peer didn't like the signature we sent$/,
    /name, secret and algorithm/,
  ],
  [
    "a DNS server that is away",
    "Encountered error when making query: The DNS operation timed out.\nAsk for help",
    /^your DNS server does not take the record: The DNS operation timed out\.$/,
    /server, name/,
  ],
  [
    "nonces that are refused",
    unexpected(
      "Unable to register an account with ACME server. Error returned by the ACME server: JWS has an invalid anti-replay nonce: _8GX",
    ),
    /took none of our nonces/,
    /by itself/,
  ],
  [
    "an authority with a root that Python does not take",
    unexpected(
      "requests.exceptions.SSLError: HTTPSConnectionPool(host='a', port=14000): Max retries exceeded with url: /dir (Caused by SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: CA cert does not include key usage extension (_ssl.c:1029)')))",
    ),
    /not who it should be: CA cert does not include key usage extension$/,
    /tls\.acme\.ca/,
  ],
  [
    "an authority that is away",
    unexpected("requests.exceptions.ConnectionError: Max retries exceeded with url: /dir"),
    /acme\.example does not answer/,
    /reaches it/,
  ],
  ["an end by force", "Requesting\ncertbot was killed", /killed in the midst/, /by itself/],
  ["an end by the clock", "Requesting\nended after ten minutes", /not done in ten/, /by itself/],
  [
    "a full disk",
    unexpected("OSError: [Errno 28] No space left on device: '/certificates/acme'"),
    /disk is full/,
    /df -h/,
  ],
];

for (const [what, said, message, hint] of known)
  test(`certbot's words on ${what} become a sentence and its hint`, (t) => {
    const trouble = problemFromCertbot(said, "acme.example");
    t.regex(trouble.message, message);
    t.regex(trouble.hint ?? "", hint);
    t.notRegex(trouble.message, /\n/);
    t.true((trouble.detail ?? "").length > 0);
  });

test("words that are not known are passed on, the last that mean something", (t) => {
  const { message } = problemFromCertbot(unexpected("It is Sunday."), "acme.example");
  t.is(message, "the authority acme.example refused: It is Sunday.");
});

test("no more than 2000 characters of them are kept", (t) => {
  const { detail } = problemFromCertbot("x".repeat(5000), "acme.example");
  t.is(detail?.length, 2000);
});
