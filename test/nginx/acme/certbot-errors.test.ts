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

const unexpected = (message: string): string =>
  `Saving debug log to /x\nAn unexpected error occurred:\n${message}\nAsk for help or search`;

const known: [string, output: string, message: RegExp, hint: RegExp][] = [
  [
    "a name that is not in the DNS",
    failed("dns", "NXDOMAIN looking up A for geo.example.org"),
    /does not find geo\.example\.org in the DNS: NXDOMAIN/,
    /point geo\.example\.org to the manager/,
  ],
  [
    "a closed port",
    failed("connection", "Timeout during connect (likely firewall problem)"),
    /cannot reach geo\.example\.org: Timeout/,
    /open port 80/,
  ],
  [
    "another server",
    failed("unauthorized", `Invalid response from http://geo.example.org/: 404`),
    /reached another server at geo\.example\.org/,
    /AAAA/,
  ],
  [
    "a CAA record",
    failed("caa", "CAA record for geo.example.org prevents issuance"),
    /do not allow acme\.example to issue certificates/,
    /CAA/,
  ],
  [
    "too many certificates",
    unexpected(
      "urn:ietf:params:acme:error:rateLimited :: There were too many requests of a given type :: too many certificates (5) already issued",
    ),
    /the rate limit of the authority acme\.example is reached/,
    /by itself/,
  ],
  [
    "a missing external account",
    unexpected("urn:ietf:params:acme:error:externalAccountRequired :: The request must include"),
    /requires an external account/,
    /tls\.acme\.eab/,
  ],
  [
    "no external account where one is required",
    "Unable to register an account with ACME server. Server requires external account binding. Please use --eab-kid and --eab-hmac-key.\nAsk for help",
    /acme\.example requires an external account$/,
    /tls\.acme\.eab/,
  ],
  [
    "an external account with another key",
    "Unable to register an account with ACME server. Error returned by the ACME server: external account binding JWS verification error: go-jose: error in cryptographic primitive\nAsk for help",
    /refused to create an account: external account binding JWS verification error: go-jose/,
    /id and key of tls\.acme\.eab/,
  ],
  [
    "an external account that the authority does not know",
    "Unable to register an account with ACME server. Error returned by the ACME server: the field 'kid' references a key that is not known to the ACME server\nAsk for help",
    /refused to create an account: the field 'kid' references a key that is not known/,
    /id and key of tls\.acme\.eab/,
  ],
  [
    "an authority that does not answer, with a name that contains the letters eab",
    `Requesting a certificate for seabird.example.org\n${unexpected("requests.exceptions.ConnectionError: Max retries exceeded with url: /dir")}`,
    /acme\.example does not answer/,
    /can reach the authority/,
  ],
  [
    "a DNS hook that fails",
    `Hook '--manual-auth-hook' for geo.example.org reported error code 3
Hook '--manual-auth-hook' for geo.example.org ran with error output:
 no such zone
${failed("unauthorized", "No TXT records found for DNS challenge")}`,
    /^the DNS hook failed: no such zone$/,
    /present DOMAIN VALUE/,
  ],
  [
    "a DNS hook that creates another record",
    failed("unauthorized", "Correct value not found for DNS challenge"),
    /does not find the record _acme-challenge\.geo\.example\.org: Correct value not found/,
    /dns\.propagation/,
  ],
  [
    "a record that is not visible",
    failed("dns", "DNS problem: NXDOMAIN looking up TXT for _acme-challenge.geo.example.org"),
    /does not find the record _acme-challenge\.geo\.example\.org: DNS problem/,
    /dns\.propagation/,
  ],
  [
    "a DNS server that rejects the key",
    "Encountered exception during recovery: certbot.errors.PluginError: Encountered error deleting TXT record: The peer didn't like the signature we sent\nEncountered error adding TXT record: The peer didn't like the signature we sent\nAsk for help",
    /^the DNS record could not be created on your DNS server: The peer didn't like the signature we sent$/,
    /name, secret and algorithm/,
  ],
  [
    "a DNS server that does not answer",
    "Encountered error when making query: The DNS operation timed out.\nAsk for help",
    /^the DNS record could not be created on your DNS server: The DNS operation timed out\.$/,
    /server, name/,
  ],
  [
    "rejected nonces",
    unexpected(
      "Unable to register an account with ACME server. Error returned by the ACME server: JWS has an invalid anti-replay nonce: _8GX",
    ),
    /rejected every nonce/,
    /by itself/,
  ],
  [
    "an authority with a root that Python rejects",
    unexpected(
      "requests.exceptions.SSLError: HTTPSConnectionPool(host='a', port=14000): Max retries exceeded with url: /dir (Caused by SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: CA cert does not include key usage extension (_ssl.c:1029)')))",
    ),
    /itself is not trusted: CA cert does not include key usage extension$/,
    /tls\.acme\.ca/,
  ],
  [
    "an authority that does not answer",
    unexpected("requests.exceptions.ConnectionError: Max retries exceeded with url: /dir"),
    /acme\.example does not answer/,
    /can reach the authority/,
  ],
  ["a killed certbot", "Requesting\ncertbot was killed", /killed before it finished/, /by itself/],
  ["a timeout", "Requesting\nended after ten minutes", /not finish within ten/, /by itself/],
  [
    "a full disk",
    unexpected("OSError: [Errno 28] No space left on device: '/certificates/acme'"),
    /disk is full/,
    /df -h/,
  ],
];

for (const [fault, output, message, hint] of known)
  test(`certbot's output about ${fault} becomes a sentence and its hint`, (t) => {
    const problem = problemFromCertbot(output, "acme.example");
    t.regex(problem.message, message);
    t.regex(problem.hint ?? "", hint);
    t.notRegex(problem.message, /\n/);
    t.true((problem.detail ?? "").length > 0);
  });

test("of unknown output the last meaningful line is passed on", (t) => {
  const { message } = problemFromCertbot(unexpected("It is Sunday."), "acme.example");
  t.is(message, "the authority acme.example refused: It is Sunday.");
});

test("the detail has at most 2000 characters of the output", (t) => {
  const { detail } = problemFromCertbot("x".repeat(5000), "acme.example");
  t.is(detail?.length, 2000);
});
