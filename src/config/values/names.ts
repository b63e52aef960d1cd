import { isIP } from "node:net";
import { UserError } from "../../errors.js";

/** The name of a class. Throws a UserError. */
export const classNameFrom = (text: string): string => {
  const rule = "1 to 40 of a-z, 0-9 and hyphens, with no hyphen at either end";
  if (!/^(?!-)[a-z0-9-]{1,40}(?<!-)$/.test(text))
    throw new UserError(`it has ${rule}`, { hint: `write for example ${classNameNear(text)}` });
  return text;
};

/** A domain name in lower case. Throws a UserError. */
export const domainFrom = (text: string): string => {
  const right = "write for example geo.example.org";
  if (isIP(text) !== 0)
    throw new UserError("this is an address", {
      hint: "leave domain away: the manager's address is used then",
    });
  if (/[/:]/.test(text)) throw new UserError("it has no https://, port or path", { hint: right });
  if (/[^\x20-\x7e]/.test(text))
    throw new UserError("letters outside a-z need their xn-- form", {
      hint: "write for example xn--gewsser-9wa.de",
    });
  if (
    !/^(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])$/.test(
      text,
    )
  )
    throw new UserError("it is parts of a-z, 0-9 and hyphens with dots between, in lower case", {
      hint: right,
    });
  return text;
};

/** A line of text for people, of so many characters at most. Throws a UserError. */
export const lineFrom =
  (most: number) =>
  (text: string): string => {
    const right = "write a short line of text";
    if (text.trim() === "") throw new UserError("there is nothing in it", { hint: right });
    if (/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/u.test(text))
      throw new UserError("it has characters that no page shows, or several lines", {
        hint: right,
      });
    if (text.length > most)
      throw new UserError(`it has more than ${most} characters`, { hint: right });
    return text.trim();
  };

/** A user's name as the hub writes it: lower case, so that an administrator is not missed. Throws a UserError. */
export const userFrom = (text: string): string => {
  if (text !== text.toLowerCase())
    throw new UserError("the hub turns names into lower case", {
      hint: `write ${text.toLowerCase()}`,
    });
  if (!/^[a-z0-9][a-z0-9._@+-]{0,63}$/.test(text))
    throw new UserError("it has 1 to 64 of a-z, 0-9 and . _ @ + -", {
      hint: "write for example ada",
    });
  return text;
};

/** A block device's path. Throws a UserError. */
export const deviceFrom = (text: string): string => {
  const right = "write for example /dev/vdb or /dev/disk/by-id/…";
  if (!text.startsWith("/dev/")) {
    const meant = /^[a-z][a-z0-9]+$/.test(text) ? `write /dev/${text}` : right;
    throw new UserError("a device's path begins with /dev/", { hint: meant });
  }
  if (!/^\/dev(\/[\w:+@=,-][\w.:+@=,-]*)+$/.test(text))
    throw new UserError("it has letters, digits and . _ : + @ = , - between its slashes", {
      hint: right,
    });
  return text;
};

/** A folder's path, absolute or beside swarmhub.yaml. Throws a UserError. */
export const folderFrom = (text: string): string => {
  const right = "write for example ./first-files";
  if (text === "" || text.includes("\0")) throw new UserError("this is no path", { hint: right });
  if (text.startsWith("~"))
    throw new UserError("~ is a shell's word and is not replaced here", {
      hint: "write the path in full",
    });
  return text;
};

/** How servers are shared out over the machines. Throws a UserError. */
export const strategyFrom = (text: string): "spread" | "pack" => {
  if (text === "spread" || text === "pack") return text;
  throw new UserError(
    "servers go evenly over all machines (spread), or fill one before the next (pack)",
    { hint: "write spread or pack" },
  );
};

/** A file's path, absolute or beside swarmhub.yaml. Throws a UserError. */
export const fileFrom = (text: string): string => {
  const right = "write for example ./chain.pem";
  if (text.trim() === "" || text.includes("\0"))
    throw new UserError("this is no path", { hint: right });
  if (text.startsWith("~"))
    throw new UserError("~ is a shell's word and is not replaced here", {
      hint: "write the path in full",
    });
  return text;
};

/** An e-mail address as an authority takes it. Throws a UserError. */
export const emailFrom = (text: string): string => {
  const right = "write for example teacher@example.org";
  if (!/^[A-Za-z0-9._%+-]{1,64}@[^@]+$/.test(text))
    throw new UserError("it is name@domain, in plain letters", { hint: right });
  try {
    domainFrom(text.replace(/^.*@/, "").toLowerCase());
  } catch {
    throw new UserError("what follows the @ is no domain name", { hint: right });
  }
  return text;
};

/** The name of a class nearest to a text; "class" where nothing of it can stay. */
export const classNameNear = (text: string): string => {
  const words = text.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-");
  const near = words.slice(0, 40).replaceAll(/^-+|-+$/g, "");
  return near === "" ? "class" : near;
};
