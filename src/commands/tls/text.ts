import type { Attempt, EdgeStatus } from "../../../contracts/edge-status.js";
import type { Cell } from "../../report/table.js";
import { agoText, lengthText, momentText, printable } from "../../text/format.js";
import { type Certificates, certificateProblem } from "../../tls/diagnosis.js";

/** What `swarmhub tls` shows, as rows of a name and its value. */
export const certificateRows = (seen: Certificates): Cell[][] => {
  const { status, now } = seen;
  if (status === undefined) return [["served", nothingSaid]];
  const { attempt, nextAttempt, notAfter } = status;
  const trouble = certificateProblem(seen);
  return [
    ["served", servedText(seen)],
    ...(status.names.length === 0 ? [] : [["names", status.names.join(", ")]]),
    ...(notAfter === null ? [] : [["ends", `${momentText(notAfter)}, ${leftText(notAfter, now)}`]]),
    // What the edge does by itself is told only where it fails.
    ...(attempt === null || (status.wanted !== "acme" && attempt.outcome === "ok")
      ? []
      : [["last attempt", `${agoText(attempt.at, now)}: ${attemptText(attempt)}`]]),
    ...(nextAttempt === null ? [] : [["next attempt", momentText(nextAttempt)]]),
    ...(trouble === undefined
      ? []
      : [
          ["wrong", printable(trouble.text)],
          ["", `→ ${printable(trouble.hint)}`],
        ]),
  ];
};

/** The same as one line for `status`: "certificate of Let's Encrypt R11, ends in 63 days". */
export const certificateLine = (seen: Certificates): string => {
  const { status, now } = seen;
  if (status === undefined) return nothingSaid;
  if (status.notAfter === null) return servedText(seen);
  const left = leftText(status.notAfter, now);
  return `${servedText(seen)}, ${left.startsWith("in ") ? "ends " : ""}${left}`;
};

/** The same as JSON; `daysLeft` is rounded down, and negative once it has ended. */
export const certificateJson = (seen: Certificates) => {
  const { status, now } = seen;
  const trouble = certificateProblem(seen) ?? null;
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
    attempt: attemptJson(status.attempt),
    trouble,
  };
};

const attemptJson = (attempt: EdgeStatus["attempt"]) => {
  if (attempt === null) return null;
  const { at, outcome, failures, error, hint, detail } = attempt;
  return { at, outcome, failures, error, hint, detail };
};

const nothingSaid = "the edge has not said yet what it serves";

const servedText = ({ config, status }: Certificates): string => {
  const by = status?.issuer === "" ? "" : ` of ${status?.issuer}`;
  switch (status?.kind) {
    case "off":
      return "no TLS: whatever stands before the class does it";
    case "own":
      return `your own certificate${by}`;
    case "acme":
      return config.tls.kind === "acme" && status.directory === config.tls.directory && by === ""
        ? `certificate of ${config.tls.authority}`
        : `certificate${by}`;
    default:
      return "self-signed certificate: browsers warn once";
  }
};

const leftText = (end: Date, now: Date): string => {
  const left = end.getTime() - now.getTime();
  return left <= 0 ? "it has ended" : `in ${lengthText(left)}`;
};

const attemptText = ({ outcome, failures, error }: Attempt): string => {
  if (outcome === "ok") return "it went well";
  if (outcome === "running") return "it is under way";
  const often = failures > 1 ? ` (${failures} in a row)` : "";
  return `it failed${often}${error === null ? "" : `: ${error}`}`;
};
