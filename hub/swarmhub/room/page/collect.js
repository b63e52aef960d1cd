// The work of all students as one archive.

import { post } from "./actions.js";
import { bytesText, showSheet, tell } from "./sheet.js";
import { $, plural, setText, timeText, view } from "./words.js";

const { xsrf } = document.documentElement.dataset;
const dialog = $("#collecting");
const [form, save] = [$("#collecting-form"), $("#collecting-save")];
const button = $("button[type=submit]", form);
let archive;

/** Files of homes that do not stay are in the servers' containers. */
export const drawCollect = () => ($("#collect").hidden = view.state.keepsHomes === false);

const isChanged = ({ what }) => what === "changed";
const noteOf = ({ why, tooLarge = 0, leftOut = 0 }) =>
  [
    why,
    tooLarge > 0 && `without ${plural(tooLarge, "file")} above the limit`,
    leftOut > 0 && `without ${leftOut === 1 ? "1 link, pipe or unusable name" : `${leftOut} links, pipes or unusable names`}`,
  ]
    .filter(Boolean)
    .join("; ");
const dayText = (seconds) => new Date(seconds * 1000).toLocaleDateString();
const columns = [
  { title: "State", text: ({ what }) => what },
  { title: "Last change", text: (row) => (isChanged(row) ? `${dayText(row.changedAt)} ${timeText(row.changedAt)}` : "") },
  { title: "Size", isNumber: true, text: (row) => (isChanged(row) ? bytesText(row.size) : "") },
  { title: "Note", text: noteOf },
];
const summaryOf = (rows) => {
  const states = ["changed", "untouched", "missing", "too large", "unreadable"];
  const counts = states.map((state) => [rows.filter(({ what }) => what === state).length, state]).filter(([count]) => count > 0);
  return counts.length === 0 ? "There is no student yet." : `${counts.map((each) => each.join(" ")).join(", ")}.`;
};

const forget = () => {
  archive = undefined;
  save.hidden = true;
  tell(dialog, "");
  showSheet(dialog, [], columns);
};

const collect = async () => {
  forget();
  button.disabled = true;
  tell(dialog, "Collecting…");
  const answer = await post("collect", { path: $("#collecting-path").value.trim().normalize() }, (text) => tell(dialog, text));
  button.disabled = false;
  if (!answer) return;
  tell(dialog, `${summaryOf(answer.rows)}${answer.archive ? "" : " There is nothing to download."}`);
  showSheet(dialog, answer.rows, columns);
  archive = answer.archive && answer;
  save.hidden = !archive;
  if (archive) setText(save, `Download ${archive.name} (${bytesText(archive.bytes)})`);
};

/** By fetch and not by a link, so that the token of the page is in no address. */
const download = async () => {
  const { archive: word, name } = archive;
  save.disabled = true;
  const response = await fetch(`collected?${new URLSearchParams({ archive: word })}`, { headers: { "X-XSRFToken": xsrf } }).catch(() => undefined);
  const content = response?.ok ? await response.blob().catch(() => undefined) : undefined;
  save.disabled = false;
  if (!content) {
    const refused = await response?.json().catch(() => undefined);
    return tell(dialog, refused?.message ?? "The download has failed. Please try again.");
  }
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  return setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
};

$("#collect").addEventListener("click", () => {
  forget();
  dialog.showModal();
});
form.addEventListener("submit", (event) => {
  event.preventDefault();
  void collect();
});
save.addEventListener("click", () => void download());
