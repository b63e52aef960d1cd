import type { EdgeStatus } from "../../contracts/edge-status.js";
import { type Config, type TlsConfig, namesOf } from "../config/types.js";
import { lengthText } from "../text/format.js";
import type { GivenFiles } from "./given-files.js";

/** A class's certificates: the configuration, the operator's own files, the edge's status, and the time. */
export type Certificates = {
  config: Config;
  givenFiles: Pick<GivenFiles, "serial">;
  status: EdgeStatus | undefined;
  now: Date;
};

/** What is wrong, in a sentence, and what to do about it. */
type CertificateProblem = { reason: string; hint: string };

/** Why the served certificate is not the wanted one; undefined where it is. */
export const servingProblem = ({
  config,
  givenFiles,
  status,
}: Pick<Certificates, "config" | "givenFiles" | "status">): string | undefined => {
  const { tls } = config;
  if (status === undefined) return noStatusText;
  if (status.wanted !== tls.kind) return "the edge still uses the previous settings";
  if (status.kind !== tls.kind) {
    const warning = status.kind === "self-signed" ? "browsers show a warning: " : "";
    return `${warning}the edge serves ${kindText(status.kind)} instead of ${wantedText(tls)}`;
  }
  if (tls.kind === "own" && givenFiles.serial !== undefined && status.serial !== givenFiles.serial)
    return "the edge serves another certificate than the one in your file";
  if (tls.kind !== "acme") return undefined;
  if (status.directory !== null && status.directory !== tls.directory)
    return `the served certificate is from another authority than ${tls.authority}`;
  const missing = namesOf(config).filter((name) => !status.names.includes(name));
  return missing.length === 0
    ? undefined
    : `the served certificate does not cover ${missing.join(" and ")}`;
};

/** The problem that somebody should act on; undefined where there is none, or where the edge has no status. */
export const certificateProblem = (certificates: Certificates): CertificateProblem | undefined => {
  const { status, now, config } = certificates;
  if (status === undefined) return undefined;
  const { attempt } = status;
  // While another attempt is running, the error of the last one still holds.
  const error = attempt?.error ?? null;
  const cause = error === null ? "" : `: ${error}`;
  const hint = attempt?.hint ?? "for more: swarmhub tls, or swarmhub logs edge";
  const serving = servingProblem(certificates);
  if (serving !== undefined) return { reason: serving + cause, hint };
  if (config.tls.kind !== "acme" && config.tls.kind !== "own") return undefined;
  const expiry = expiryText(status, now);
  if (expiry !== undefined)
    return {
      reason: expiry + cause,
      hint:
        config.tls.kind === "own"
          ? `put a newer one into ${config.tls.certificate}, then: swarmhub up`
          : hint,
    };
  if (attempt?.outcome !== "failed") return undefined;
  return { reason: `the certificate could not be renewed${cause}`, hint };
};

/** What a class shows where its edge has no status. */
export const noStatusText = "the edge has not reported yet what it serves";

/** The kind of certificate in the configuration, for a sentence. */
export const wantedText = (tls: TlsConfig): string =>
  tls.kind === "acme" ? `a certificate from ${tls.authority}` : kindText(tls.kind);

const kindText = (kind: EdgeStatus["kind"]): string =>
  ({
    "self-signed": "a self-signed certificate",
    off: "plain HTTP",
    own: "your own certificate",
    acme: "a certificate from an authority",
  })[kind];

/** Less than a tenth of the lifetime is left, which fits lifetimes from minutes to years. */
const expiryText = ({ notBefore, notAfter }: EdgeStatus, now: Date): string | undefined => {
  if (notBefore === null || notAfter === null) return undefined;
  const left = notAfter.getTime() - now.getTime();
  if (left <= 0) return "the certificate has expired, and browsers show a warning";
  const lifetime = notAfter.getTime() - notBefore.getTime();
  return left < lifetime / 10 ? `the certificate expires in ${lengthText(left)}` : undefined;
};
