import { Problem, problemOf, retriesHint } from "../problem.js";
import { unanswered, unansweredHint, untrusted, untrustedHint } from "./authority.js";

/** The output of a certbot that failed, as a problem with its hint; `authority` is the host of the ACME server. */
export const problemFromCertbot = (output: string, authority: string): Problem => {
  const detail = output.trim().slice(-2000);
  if (/No space left on device|Errno 28|Errno 122/.test(output)) {
    const { message, hint } = problemOf(new Error("ENOSPC"));
    return new Problem(message, hint, detail);
  }
  const [, domain = "a name"] = /^\s*(?:Domain|Identifier): *(\S+)$/m.exec(output) ?? [];
  const [, type = ""] =
    /^\s*Type: *(\S+)$/m.exec(output) ?? /urn:ietf:params:acme:error:(\w+)/.exec(output) ?? [];
  const [, reason = ""] = /^\s*Detail: *(.+)$/m.exec(output) ?? [];
  const [sentence, hint] = meanings.find(([pattern]) => pattern.test(`${type}\n${output}`))?.[1]({
    domain,
    authority,
    reason,
    output,
  }) ?? [`the authority ${authority} refused: ${reason || lastLine(output)}`, null];
  return new Problem(sentence, hint, detail);
};

type Details = { domain: string; authority: string; reason: string; output: string };

// First what failed before or outside the authority, then the error types of RFC 8555, 6.7, as certbot prints them, then certbot's
// own messages.
const meanings: [RegExp, (details: Details) => [sentence: string, hint: string | null]][] = [
  [
    /\nended after ten minutes$/,
    ({ authority }) => [
      `the authority ${authority} did not finish within ten minutes`,
      retriesHint,
    ],
  ],
  [/\ncertbot was killed$/, () => ["certbot was killed before it finished", retriesHint]],
  [
    // certbot continues after it, and then the authority finds no record.
    /^Hook '--manual-auth-hook' for \S+ reported error code/m,
    ({ output }) => [
      `the DNS hook failed${after(output, /^Hook '--manual-auth-hook' for \S+ ran with error output:\s*/m)}`,
      "run it by hand: dns-hook present DOMAIN VALUE",
    ],
  ],
  [
    /^Encountered error [^:]*: |^Unable to determine base domain/m,
    ({ output }) => [
      `the DNS record could not be created on your DNS server${after(output, /^(Encountered error [^:]*: |(?=Unable to determine))/m)}`,
      "check server, name, secret and algorithm in the file of dns.credentials",
    ],
  ],
  [
    /^(dns|unauthorized|incorrectResponse)\b[^]*(TXT|DNS challenge)/,
    ({ domain, reason }) => [
      `the authority does not find the record _acme-challenge.${domain}: ${reason}`,
      "check that the record is visible in the public DNS, and give it more time: dns.propagation",
    ],
  ],
  [
    /^dns\b/,
    ({ domain, reason }) => [
      `the authority does not find ${domain} in the DNS: ${reason}`,
      `point ${domain} to the manager's public address`,
    ],
  ],
  [
    /^connection\b/,
    ({ domain, reason }) => [
      `the authority cannot reach ${domain}: ${reason}`,
      "open port 80 of the manager to the Internet, in the cloud's firewall too",
    ],
  ],
  [
    /^(unauthorized|incorrectResponse)\b/,
    ({ domain, reason }) => [
      `the authority reached another server at ${domain}: ${reason}`,
      `point ${domain} to the manager's public address only (AAAA records too)`,
    ],
  ],
  [
    /^caa\b/,
    ({ domain, authority }) => [
      `the CAA records of ${domain} do not allow ${authority} to issue certificates for it`,
      `add the authority to the CAA records of ${domain}`,
    ],
  ],
  [
    /^rateLimited\b|too many (certificates|failed|new|requests)/i,
    ({ authority }) => [
      `the rate limit of the authority ${authority} is reached`,
      `${retriesHint}, and serves the current certificate meanwhile`,
    ],
  ],
  [
    /^externalAccountRequired\b|requires external account binding/,
    ({ authority }) => [
      `the authority ${authority} requires an external account`,
      "set the id and the key that it gave you in tls.acme.eab",
    ],
  ],
  [
    /^badNonce\b|anti-replay nonce/,
    ({ authority }) => [
      `the authority ${authority} rejected every nonce`,
      `this is a fault of the authority; ${retriesHint}`,
    ],
  ],
  [
    /^Unable to register an account with ACME server/m,
    ({ authority, output }) => [
      `the authority ${authority} refused to create an account${after(output, /^Unable to register [^.]*\. (Error returned by the ACME server: )?/m)}`,
      "check the id and key of tls.acme.eab, and the e-mail address",
    ],
  ],
  [
    /requested .* plugin does not appear to be installed|Could not select or initialize/,
    () => [
      "certbot in the edge does not have this DNS plugin",
      "use a script instead: tls.letsencrypt.dns.hook",
    ],
  ],
  [
    /CERTIFICATE_VERIFY_FAILED|SSLError/,
    ({ authority, output }) => [
      `${untrusted(authority)}: ${/certificate verify failed: ([^(]*[^( ])/.exec(output)?.[1] ?? "TLS failed"}`,
      untrustedHint,
    ],
  ],
  [
    /ConnectionError|Max retries|Connection (refused|reset|aborted)|timed out|Name or service not known|getaddrinfo/i,
    ({ authority }) => [unanswered(authority), unansweredHint],
  ],
  [
    /Another instance of Certbot is already running/,
    () => ["another certbot is running", retriesHint],
  ],
];

/** The rest of the line after that pattern, as ": …"; nothing where there is none. */
const after = (output: string, pattern: RegExp): string => {
  const found = pattern.exec(output);
  const [line = ""] =
    found === null ? [] : output.slice(found.index + found[0].length).split("\n", 1);
  return line.trim() === "" ? "" : `: ${line.trim()}`;
};

const lastLine = (output: string): string =>
  output
    .split("\n")
    .map((line) => line.trim())
    .findLast(
      (line) => line !== "" && !/^(Ask for help|See the logfile|Saving debug)/.test(line),
    ) ?? "certbot printed nothing";
