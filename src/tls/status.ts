import * as z from "zod";
import type { Host } from "../host/host.js";
import { paths } from "../paths.js";
import { printable } from "../text/format.js";

// What the edge wrote is another machine's word: each text is made harmless here, once.
const text = z.string().transform((value) => printable(value).slice(0, 500));
const moment = z
  .string()
  .nullish()
  .transform((value) => {
    const time = Date.parse(value ?? "");
    return Number.isNaN(time) ? undefined : new Date(time);
  });
const kind = z.enum(["self-signed", "acme", "own", "off"]);
const outcome = z.enum(["running", "ok", "failed"]);
const said = text.nullish().transform((value) => value ?? undefined);

const schema = z.object({
  at: moment,
  kind,
  wanted: kind,
  names: z.array(text),
  issuer: text,
  serial: text,
  notBefore: moment,
  notAfter: moment,
  directory: said,
  nextAttempt: moment,
  attempt: z
    .object({ at: moment, outcome, failures: z.number().int().min(0), error: said, hint: said })
    .extend({ detail: z.string().max(4000).nullish() })
    .nullish()
    .transform((value) => value ?? undefined),
});

/** What the edge serves and how its last attempt went, as it wrote it in status.json. */
export type CertificateStatus = z.output<typeof schema>;

/** Reads status.json; undefined where it is missing or makes no sense. */
export const statusFrom = (json: string | undefined): CertificateStatus | undefined => {
  try {
    return schema.safeParse(JSON.parse(json ?? "")).data;
  } catch {
    return undefined;
  }
};

/** What the edge says now. */
export const readStatus = async (host: Host): Promise<CertificateStatus | undefined> =>
  statusFrom(
    await host.script(`cat ${paths.certificateStatus} 2>/dev/null || true`, {
      title: "read the edge's status",
    }),
  );
