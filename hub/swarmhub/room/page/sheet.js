// The table of a dialog, and what is said of sizes and failures in it.

import { $, make, nameOf, plural, setText } from "./words.js";

const megabyte = 2 ** 20;
export const bytesText = (bytes) => {
  if (bytes < 1000) return plural(bytes, "byte");
  if (bytes < megabyte) return `${Math.ceil(bytes / 1024)} kB`;
  return `${Number((bytes / megabyte).toFixed(bytes < 10 * megabyte ? 1 : 0))} MB`;
};

/** Says something below the fields of a dialog: what is outside of it cannot be read while it is open. */
export const tell = (dialog, text) => setText($(".told", dialog), text);

const looks = ({ isNumber }) => (isNumber ? { class: "number" } : {});
/** Shows a row for each user; a column has a title, the text of a row, and whether it is a number. Columns without a text are left out. */
export const showSheet = (dialog, rows, columns) => {
  const sheet = $(".sheet", dialog);
  sheet.hidden = rows.length === 0;
  const shown = columns.filter(({ text }) => rows.some((row) => text(row)));
  const head = [make("th", { scope: "col" }, "Name"), ...shown.map((each) => make("th", { scope: "col", ...looks(each) }, each.title))];
  const lines = rows.map((row) =>
    make("tr", {}, make("th", { scope: "row" }, nameOf(row.user)), ...shown.map((each) => make("td", looks(each), each.text(row)))),
  );
  sheet.replaceChildren(make("table", {}, make("thead", {}, make("tr", {}, ...head)), make("tbody", {}, ...lines)));
};
