import type { Attempt } from "../../../contracts/edge-status.js";
import type { Cell } from "../../report/table.js";
import { agoText, lengthText, momentText, printable } from "../../text/format.js";
import { type Certificates, certificateProblem, noStatusText } from "../../tls/diagnosis.js";

/** What `swarmhub tls` shows, as rows of a name and its value. */
export const certificateRows = (certificates: Certificates): Cell[][] => {
  const { status, now } = certificates;
  if (status === undefined) return [["served", noStatusText]];
  const { attempt, nextAttempt, notAfter } = status;
  const problem = certificateProblem(certificates);
  return [
    ["served", servedText(certificates)],
    ...(status.names.length === 0 ? [] : [["names", status.names.join(", ")]]),
    ...(notAfter === null
      ? []
      : [["expires", `${momentText(notAfter)}, ${expiryText(notAfter, now)}`]]),
    // Attempts without an authority are shown only where they fail.
    ...(attempt === null || (status.wanted !== "acme" && attempt.outcome === "ok")
      ? []
      : [["last attempt", `${agoText(attempt.at, now)}: ${attemptText(attempt)}`]]),
    ...(nextAttempt === null ? [] : [["next attempt", momentText(nextAttempt)]]),
    ...(problem === undefined
      ? []
      : [
          ["problem", printable(problem.reason)],
          ["", `→ ${printable(problem.hint)}`],
        ]),
  ];
};

/** The same as one line for `status`: "certificate from Let's Encrypt R11, expires in 63 days". */
export const certificateLine = (certificates: Certificates): string => {
  const { status, now } = certificates;
  if (status === undefined) return noStatusText;
  if (status.notAfter === null) return servedText(certificates);
  const expiry = expiryText(status.notAfter, now);
  return `${servedText(certificates)}, ${expiry.startsWith("in ") ? "expires " : ""}${expiry}`;
};

/** The same as JSON; `daysLeft` is rounded down, and negative after the end. */
export const certificateJson = (certificates: Certificates) => {
  const { status, now } = certificates;
  if (status === undefined) return null;
  const { kind, wanted, names, issuer, serial, directory, notBefore, notAfter } = status;
  const day = 24 * 60 * 60 * 1000;
  return {
    kind,
    wanted,
    names,
    issuer,
    serial,
    directory,
    notBefore,
    notAfter,
    daysLeft: notAfter === null ? null : Math.floor((notAfter.getTime() - now.getTime()) / day),
    nextAttempt: status.nextAttempt,
    attempt: status.attempt === null ? null : attemptJson(status.attempt),
    problem: certificateProblem(certificates) ?? null,
  };
};

const attemptJson = ({ at, outcome, failures, error, hint, detail }: Attempt) => ({
  at,
  outcome,
  failures,
  error,
  hint,
  detail,
});

const servedText = ({ config, status }: Certificates): string => {
  const from = status?.issuer === "" ? "" : ` from ${status?.issuer}`;
  switch (status?.kind) {
    case "off":
      return "no TLS: left to a reverse proxy in front of the class";
    case "own":
      return `your own certificate${from}`;
    case "acme":
      return config.tls.kind === "acme" && status.directory === config.tls.directory && from === ""
        ? `certificate from ${config.tls.authority}`
        : `certificate${from}`;
    default:
      return "self-signed certificate: browsers warn once";
  }
};

const expiryText = (end: Date, now: Date): string => {
  const left = end.getTime() - now.getTime();
  return left <= 0 ? "expired" : `in ${lengthText(left)}`;
};

const attemptText = ({ outcome, failures, error }: Attempt): string => {
  if (outcome === "ok") return "succeeded";
  if (outcome === "running") return "running";
  const often = failures > 1 ? ` (${failures} in a row)` : "";
  return `failed${often}${error === null ? "" : `: ${error}`}`;
};
