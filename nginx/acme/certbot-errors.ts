import { Problem, problemOf } from "../problem.js";

/** What certbot said when it failed, as a sentence and its hint. `authority`: the host that was asked. */
export const problemFromCertbot = (said: string, authority: string): Problem => {
  const detail = said.trim().slice(-2000);
  if (/No space left on device|Errno 28|Errno 122/.test(said)) {
    const { message, hint } = problemOf(new Error("ENOSPC"));
    return new Problem(message, hint, detail);
  }
  const [, domain = "a name"] = /^\s*(?:Domain|Identifier): *(\S+)$/m.exec(said) ?? [];
  const [, type = ""] =
    /^\s*Type: *(\S+)$/m.exec(said) ?? /urn:ietf:params:acme:error:(\w+)/.exec(said) ?? [];
  const [, reason = ""] = /^\s*Detail: *(.+)$/m.exec(said) ?? [];
  const [sentence, hint] = meanings.find(([pattern]) => pattern.test(`${type}\n${said}`))?.[1]({
    domain,
    authority,
    reason,
    said,
  }) ?? [`the authority ${authority} refused: ${reason || lastLine(said)}`, null];
  return new Problem(sentence, hint, detail);
};

type Known = { domain: string; authority: string; reason: string; said: string };

// What failed before or beside the authority, the types of RFC 8555, 6.7, as certbot prints them, then its own words.
const meanings: [RegExp, (known: Known) => [sentence: string, hint: string | null]][] = [
  [
    /\nended after ten minutes$/,
    ({ authority }) => [
      `the authority ${authority} was not done in ten minutes`,
      "it is tried again by itself",
    ],
  ],
  [
    /\ncertbot was killed$/,
    () => ["certbot was killed in the midst of it", "it is tried again by itself"],
  ],
  [
    // certbot goes on after it, and then the authority finds nothing.
    /^Hook '--manual-auth-hook' for \S+ reported error code/m,
    ({ said }) => [
      `the script that changes the DNS failed${after(said, /^Hook '--manual-auth-hook' for \S+ ran with error output:\s*/m)}`,
      "run it by hand: dns-hook present DOMAIN VALUE",
    ],
  ],
  [
    /^Encountered error [^:]*: |^Unable to determine base domain/m,
    ({ said }) => [
      `your DNS server does not take the record${after(said, /^(Encountered error [^:]*: |(?=Unable to determine))/m)}`,
      "look at server, name, secret and algorithm in what dns.credentials names",
    ],
  ],
  [
    /^(dns|unauthorized|incorrectResponse)\b[^]*(TXT|DNS challenge)/,
    ({ domain, reason }) => [
      `the authority does not find our record at _acme-challenge.${domain}: ${reason}`,
      "look whether it is made where all the world asks, and give it longer to be seen: dns.propagation",
    ],
  ],
  [
    /^dns\b/,
    ({ domain, reason }) => [
      `the authority does not find ${domain} in the DNS: ${reason}`,
      `let ${domain} lead to the manager's public address`,
    ],
  ],
  [
    /^connection\b/,
    ({ domain, reason }) => [
      `the authority cannot reach ${domain}: ${reason}`,
      "open port 80 of the manager to everybody, in the cloud's firewall too",
    ],
  ],
  [
    /^(unauthorized|incorrectResponse)\b/,
    ({ domain, reason }) => [
      `the authority met somebody else at ${domain}: ${reason}`,
      `let ${domain} lead to the manager's public address, and to nothing else (AAAA records too)`,
    ],
  ],
  [
    /^caa\b/,
    ({ domain, authority }) => [
      `the DNS of ${domain} does not let ${authority} give certificates for it`,
      `add the authority to the CAA records of ${domain}`,
    ],
  ],
  [
    /^rateLimited\b|too many (certificates|failed|new|requests)/i,
    ({ authority }) => [
      `the authority ${authority} was asked too often`,
      "it is tried again by itself; until then the present certificate goes on",
    ],
  ],
  [
    /^externalAccountRequired\b|requires external account binding/,
    ({ authority }) => [
      `the authority ${authority} wants an external account`,
      "give the id and the key that it gave you as tls.acme.eab",
    ],
  ],
  [
    /^badNonce\b|anti-replay nonce/,
    ({ authority }) => [
      `the authority ${authority} took none of our nonces`,
      "that is its own trouble; it is tried again by itself",
    ],
  ],
  [
    /^Unable to register an account with ACME server/m,
    ({ authority, said }) => [
      `the authority ${authority} opens no account for us${after(said, /^Unable to register [^.]*\. (Error returned by the ACME server: )?/m)}`,
      "look at the id and key of tls.acme.eab, and at the e-mail address",
    ],
  ],
  [
    /requested .* plugin does not appear to be installed|Could not select or initialize/,
    () => ["certbot has no such DNS plugin here", "use a script instead: tls.letsencrypt.dns.hook"],
  ],
  [
    /CERTIFICATE_VERIFY_FAILED|SSLError/,
    ({ authority, said }) => [
      `the authority ${authority} is not who it should be: ${/certificate verify failed: ([^(]*[^( ])/.exec(said)?.[1] ?? "its TLS is not right"}`,
      "give the root of a private authority as tls.acme.ca",
    ],
  ],
  [
    /ConnectionError|Max retries|Connection (refused|reset|aborted)|timed out|Name or service not known|getaddrinfo/i,
    ({ authority }) => [
      `the authority ${authority} does not answer`,
      "it is tried again by itself; if that lasts, look whether the manager reaches it",
    ],
  ],
  [
    /Another instance of Certbot is already running/,
    () => ["another certbot is at work", "it is tried again by itself"],
  ],
];

/** The rest of the line behind that, as ": …"; nothing where there is none. */
const after = (said: string, pattern: RegExp): string => {
  const found = pattern.exec(said);
  const [line = ""] =
    found === null ? [] : said.slice(found.index + found[0].length).split("\n", 1);
  return line.trim() === "" ? "" : `: ${line.trim()}`;
};

const lastLine = (said: string): string =>
  said
    .split("\n")
    .map((line) => line.trim())
    .findLast(
      (line) => line !== "" && !/^(Ask for help|See the logfile|Saving debug)/.test(line),
    ) ?? "certbot said nothing";
