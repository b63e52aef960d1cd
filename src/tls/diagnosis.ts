import type { EdgeStatus } from "../../contracts/edge-status.js";
import { type Config, type TlsConfig, namesOf } from "../config/types.js";
import { lengthText } from "../text/format.js";
import type { Given } from "./given-files.js";

/** A class's certificates: what is wanted, what the operator gave, what the edge says, the time. */
export type Certificates = {
  config: Config;
  given: Pick<Given, "serial">;
  status: EdgeStatus | undefined;
  now: Date;
};

/** What is wrong, in a sentence, and what to do about it. */
export type CertificateProblem = { text: string; hint: string };

/** Why what is served is not what is wanted; undefined where it is. */
export const unserved = ({
  config,
  given,
  status,
}: Pick<Certificates, "config" | "given" | "status">): string | undefined => {
  const { tls } = config;
  if (status === undefined) return "the edge has not said yet what it serves";
  if (status.wanted !== tls.kind) return "the edge still goes by earlier settings";
  if (status.kind !== tls.kind) return `${served(status)} instead of ${wantedText(tls)}`;
  if (tls.kind === "own" && given.serial !== undefined && status.serial !== given.serial)
    return "the edge serves another certificate than the one in your file";
  if (tls.kind !== "acme") return undefined;
  if (status.directory !== null && status.directory !== tls.directory)
    return `the certificate that is served is of another authority than ${tls.authority}`;
  const missing = namesOf(config).filter((name) => !status.names.includes(name));
  return missing.length === 0
    ? undefined
    : `the certificate that is served is not for ${missing.join(" and ")}`;
};

/** What somebody should do something about; undefined where all is well, or where the edge tells nothing. */
export const certificateProblem = (certificates: Certificates): CertificateProblem | undefined => {
  const { status, now, config } = certificates;
  if (status === undefined) return undefined;
  const { attempt } = status;
  const error = attempt?.error ?? null;
  // While another attempt is under way, why the last one failed still holds.
  const why = error === null ? "" : `: ${error}`;
  const hint = attempt?.hint ?? "`swarmhub tls` shows more, `swarmhub logs edge` all of it";
  const wrong = unserved(certificates);
  if (wrong !== undefined) return { text: wrong + why, hint };
  if (config.tls.kind !== "acme" && config.tls.kind !== "own") return undefined;
  const ending = endText(status, now);
  if (ending !== undefined)
    return {
      text: `${ending}${why}`,
      hint:
        config.tls.kind === "own"
          ? `put a newer one into ${config.tls.certificate}, then \`swarmhub up\``
          : hint,
    };
  if (attempt?.outcome !== "failed") return undefined;
  return { text: `the certificate could not be renewed${why}`, hint };
};

/** A way to serve browsers, for a sentence. */
export const wantedText = (tls: TlsConfig): string =>
  ({
    "self-signed": "a self-signed certificate",
    off: "no TLS",
    own: "your own certificate",
    acme: `a certificate of ${tls.kind === "acme" ? tls.authority : ""}`,
  })[tls.kind];

const served = ({ kind }: EdgeStatus): string =>
  ({
    "self-signed": "browsers are warned: the certificate is self-signed",
    off: "the class is served without TLS",
    own: "the certificate of your own is served",
    acme: "an authority's certificate is served",
  })[kind];

/** Less than a tenth of the life is left; own clocks and lives from minutes to years are all the same to this. */
const endText = ({ notBefore, notAfter }: EdgeStatus, now: Date): string | undefined => {
  if (notBefore === null || notAfter === null) return undefined;
  const left = notAfter.getTime() - now.getTime();
  if (left <= 0) return "the certificate has ended, and browsers are warned";
  const life = notAfter.getTime() - notBefore.getTime();
  return left < life / 10 ? `the certificate ends in ${lengthText(left)}` : undefined;
};
