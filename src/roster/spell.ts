/** Where Python's str.split() separates and JavaScript's \s does not. */
const moreSpaces = "\u001c\u001d\u001e\u001f\u0085";
const spaces = new RegExp(`[\\s${moreSpaces}]+`, "u");

/**
 * The one spelling of a user name, by the hub's own rule (hub/swarmhub/login/names.py, `spell`): lower case, NFKC, plain
 * apostrophes, single spaces, no invisible characters. test/fixtures/contracts/spellings.json has examples for both; each character of
 * Unicode 14 was compared once.
 */
export const spell = (name: string): string => {
  let text = name;
  for (;;) {
    const plain = text
      .replaceAll(/[\u2018\u2019\u201b\u02bc\u00b4`]/gu, "'")
      .normalize("NFKC")
      .toLowerCase()
      .replaceAll(/\p{Cf}/gu, "")
      .split(spaces)
      .filter((word) => word !== "")
      .join(" ");
    if (plain === text) return plain;
    text = plain;
  }
};

/** The longest name that the hub takes (`username_pattern` in hub/jupyterhub_config.py), in characters. */
const longestName = 254;

/** Why the hub, or a spreadsheet, would not take a name that is spelled already; undefined for a good one. */
export const refusalOf = (name: string): string | undefined => {
  if (Array.from(name).length > longestName) return `has more than ${longestName} characters`;
  if (isFormula(name))
    return `begins with ${name.charAt(0)}, so that a spreadsheet takes it for a formula`;
  if (/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\ufffd]/u.test(name)) return "has control characters";
  if (name.includes("/")) return "has a /, which the hub does not allow in a name";
  if (/^\.+$/.test(name)) return "has only dots, which the hub does not allow as a name";
  return undefined;
};

/** Whether a spreadsheet would calculate a cell with this text instead of showing it. */
export const isFormula = (text: string): boolean => /^[=+@\t\r-]/.test(text);
