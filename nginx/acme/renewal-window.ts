import type { X509Certificate } from "node:crypto";

/** When the authority suggests to renew a certificate (RFC 9773, 4.2). */
export type Window = { start: Date; end: Date };

/**
 * When to renew: `fraction` (0 to 1) of the way through the first half of the authority's window, so that not all certificates are
 * renewed at once; without a window, when a third of the lifetime is left.
 */
export const renewalTime = (
  { validFrom, validTo }: Pick<X509Certificate, "validFrom" | "validTo">,
  window: Window | undefined,
  fraction: number,
): Date => {
  const [begin, end] = [new Date(validFrom).getTime(), new Date(validTo).getTime()];
  if (window === undefined) return new Date(end - (end - begin) / 3);
  // Some authorities suggest a window of days for every certificate, even one that is valid for minutes, which would be renewed
  // forever. So not before half the lifetime, unless the whole window is earlier: then the authority knows of a fault.
  const from = Math.max(window.start.getTime(), (begin + end) / 2);
  const to = Math.min(window.end.getTime(), end);
  return new Date(to <= from ? to : from + ((to - from) * fraction) / 2);
};

/**
 * The name of a certificate in renewal information (RFC 9773, 4.1): its authority's key and its serial. Undefined where it does not
 * name the key that signed it.
 */
export const renewalName = ({ raw, serialNumber }: X509Certificate): string | undefined => {
  const key = authorityKey(raw);
  if (key === undefined) return undefined;
  const hex = serialNumber.length % 2 === 0 ? serialNumber : `0${serialNumber}`;
  const bytes = Buffer.from(hex, "hex");
  // As DER encodes it: with a first bit of 1 the number would be negative.
  const serial = (bytes[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.of(0), bytes]) : bytes;
  return `${key.toString("base64url")}.${serial.toString("base64url")}`;
};

/** The key identifier in the extension authorityKeyIdentifier (2.5.29.35), which Node parses but does not expose. */
const authorityKey = (der: Buffer): Buffer | undefined => {
  const at = der.indexOf(Buffer.from("0603551d23", "hex"));
  // OCTET STRING, SEQUENCE, [0], each with a length below 128: a key identifier has 20 bytes, at most 32.
  const [octets, , sequence, , tag, length = 0] = der.subarray(at + 5, at + 11);
  const isFound = at >= 0 && octets === 0x04 && sequence === 0x30 && tag === 0x80 && length < 0x80;
  return isFound ? der.subarray(at + 11, at + 11 + length) : undefined;
};
