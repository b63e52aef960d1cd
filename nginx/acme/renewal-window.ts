import type { X509Certificate } from "node:crypto";

/** When the authority would have a certificate renewed (RFC 9773, 4.2). */
export type Window = { start: Date; end: Date };

/**
 * When to renew: at a point of the authority's window, `fraction` (0 to 1) of its first half in, so that not all come at once;
 * without a window when a third of the lifetime is left.
 */
export const renewalTime = (
  { validFrom, validTo }: Pick<X509Certificate, "validFrom" | "validTo">,
  window: Window | undefined,
  fraction: number,
): Date => {
  const [begin, end] = [new Date(validFrom).getTime(), new Date(validTo).getTime()];
  if (window === undefined) return new Date(end - (end - begin) / 3);
  // Some authorities give every certificate a window of days, also one that lives for minutes, and it would be renewed
  // for ever. So not before half its life, unless the whole window is: then something is wrong with it, as they know.
  const from = Math.max(window.start.getTime(), (begin + end) / 2);
  const to = Math.min(window.end.getTime(), end);
  return new Date(to <= from ? to : from + ((to - from) * fraction) / 2);
};

/**
 * The name of a certificate in renewal information (RFC 9773, 4.1): its authority's key and its serial. Undefined where it does
 * not say by which key it was signed.
 */
export const renewalName = ({ raw, serialNumber }: X509Certificate): string | undefined => {
  const key = authorityKey(raw);
  if (key === undefined) return undefined;
  const hex = serialNumber.length % 2 === 0 ? serialNumber : `0${serialNumber}`;
  const bytes = Buffer.from(hex, "hex");
  // As DER has it: a first bit of 1 would make it negative.
  const serial = (bytes[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.of(0), bytes]) : bytes;
  return `${key.toString("base64url")}.${serial.toString("base64url")}`;
};

/** The key identifier in the extension of that name (2.5.29.35), which Node reads but does not show. */
const authorityKey = (der: Buffer): Buffer | undefined => {
  const at = der.indexOf(Buffer.from("0603551d23", "hex"));
  // OCTET STRING, SEQUENCE, [0], each with a length below 128: a key identifier has 20 bytes, at most 32.
  const [octets, , sequence, , tag, length = 0] = der.subarray(at + 5, at + 11);
  const isThere = at >= 0 && octets === 0x04 && sequence === 0x30 && tag === 0x80 && length < 0x80;
  return isThere ? der.subarray(at + 11, at + 11 + length) : undefined;
};
