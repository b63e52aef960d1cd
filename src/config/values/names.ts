import { isIP } from "node:net";
import { Problem } from "../../errors.js";

/** The name of a class. Throws a Problem. */
export const classNameFrom = (text: string): string => {
  const rule = "1 to 40 of a-z, 0-9 and hyphens, with no hyphen at either end";
  if (!/^(?!-)[a-z0-9-]{1,40}(?<!-)$/.test(text))
    throw new Problem(`it has ${rule}`, `write for example ${classNameNear(text)}`);
  return text;
};

/** A domain name in lower case. Throws a Problem. */
export const domainFrom = (text: string): string => {
  const right = "write for example geo.example.org";
  if (isIP(text) !== 0)
    throw new Problem(
      "this is an address",
      "leave domain away: the manager's address is used then",
    );
  if (/[/:]/.test(text)) throw new Problem("it has no https://, port or path", right);
  if (/[^\x20-\x7e]/.test(text))
    throw new Problem(
      "letters outside a-z need their xn-- form",
      "write for example xn--gewsser-9wa.de",
    );
  if (
    !/^(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])$/.test(
      text,
    )
  )
    throw new Problem(
      "it is parts of a-z, 0-9 and hyphens with dots between, in lower case",
      right,
    );
  return text;
};

/** A line of text for people, of so many characters at most. Throws a Problem. */
export const lineFrom =
  (most: number) =>
  (text: string): string => {
    const right = "write a short line of text";
    if (text.trim() === "") throw new Problem("there is nothing in it", right);
    if (/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/u.test(text))
      throw new Problem("it has characters that no page shows, or several lines", right);
    if (text.length > most) throw new Problem(`it has more than ${most} characters`, right);
    return text.trim();
  };

/** A user's name as the hub writes it: lower case, so that an administrator is not missed. Throws a Problem. */
export const userFrom = (text: string): string => {
  if (text !== text.toLowerCase())
    throw new Problem("the hub turns names into lower case", `write ${text.toLowerCase()}`);
  if (!/^[a-z0-9][a-z0-9._@+-]{0,63}$/.test(text))
    throw new Problem("it has 1 to 64 of a-z, 0-9 and . _ @ + -", "write for example ada");
  return text;
};

/** A block device's path. Throws a Problem. */
export const deviceFrom = (text: string): string => {
  const right = "write for example /dev/vdb or /dev/disk/by-id/…";
  if (!text.startsWith("/dev/")) {
    const meant = /^[a-z][a-z0-9]+$/.test(text) ? `write /dev/${text}` : right;
    throw new Problem("a device's path begins with /dev/", meant);
  }
  if (!/^\/dev(\/[\w:+@=,-][\w.:+@=,-]*)+$/.test(text))
    throw new Problem("it has letters, digits and . _ : + @ = , - between its slashes", right);
  return text;
};

/** A folder's path, absolute or beside swarmhub.yaml. Throws a Problem. */
export const folderFrom = (text: string): string => {
  const right = "write for example ./first-files";
  if (text === "" || text.includes("\0")) throw new Problem("this is no path", right);
  if (text.startsWith("~"))
    throw new Problem("~ is a shell's word and is not replaced here", "write the path in full");
  return text;
};

/** How servers are shared out over the machines. Throws a Problem. */
export const strategyFrom = (text: string): "spread" | "pack" => {
  if (text === "spread" || text === "pack") return text;
  throw new Problem(
    "servers go evenly over all machines (spread), or fill one before the next (pack)",
    "write spread or pack",
  );
};

/** A file's path, absolute or beside swarmhub.yaml. Throws a Problem. */
export const fileFrom = (text: string): string => {
  const right = "write for example ./chain.pem";
  if (text.trim() === "" || text.includes("\0")) throw new Problem("this is no path", right);
  if (text.startsWith("~"))
    throw new Problem("~ is a shell's word and is not replaced here", "write the path in full");
  return text;
};

/** An e-mail address as an authority takes it. Throws a Problem. */
export const emailFrom = (text: string): string => {
  const right = "write for example teacher@example.org";
  if (!/^[A-Za-z0-9._%+-]{1,64}@[^@]+$/.test(text))
    throw new Problem("it is name@domain, in plain letters", right);
  try {
    domainFrom(text.replace(/^.*@/, "").toLowerCase());
  } catch {
    throw new Problem("what follows the @ is no domain name", right);
  }
  return text;
};

/** The name of a class nearest to a text; "class" where nothing of it can stay. */
export const classNameNear = (text: string): string => {
  const words = text.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-");
  const near = words.slice(0, 40).replaceAll(/^-+|-+$/g, "");
  return near === "" ? "class" : near;
};
