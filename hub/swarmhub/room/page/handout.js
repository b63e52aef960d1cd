// Files of the teacher for every home: first what would happen, and then it happens.

import { post, say } from "./actions.js";
import { bytesText, showSheet, tell } from "./sheet.js";
import { $, plural, view } from "./words.js";

const dialog = $("#handing");
const [folder, files, go] = [$("#handing-folder"), $("#handing-files"), $("#handing-go")];
const most = { bytes: 100 * 2 ** 20, files: 2000 };
let word;
let sending;

/** Without homes that stay, there is nowhere to put anything. */
export const drawHandOut = () => ($("#hand-out").hidden = view.state.keepsHomes === false);

/** macOS writes "ü" as two characters, and people type one. */
const pathOf = (file) => (file.webkitRelativePath || file.name).normalize();
/** Jupyter shows no hidden files, and its own (.ipynb_checkpoints) are not the teacher's work. */
const isVisible = (file) => !pathOf(file).split("/").some((part) => part.startsWith(".") || part === "__pycache__");

const counted = (...whats) => ({ counts }) => {
  const sum = whats.reduce((total, what) => total + (counts[what] ?? 0), 0);
  return sum === 0 ? "" : String(sum);
};
const problems = {
  "no limit": "has no quota yet: gets the files when the server starts",
  "no home": "the home is gone",
  busy: "another command changes this home",
};
const roomText = ({ needs, has }) => {
  if (!needs || !has) return "full";
  return needs[0] > has[0] ? `full: needs ${bytesText(needs[0])}, has ${bytesText(has[0])}` : `full: needs ${plural(needs[1], "file")}, has ${has[1]}`;
};
const remarks = { removed: "was deleted by the student", blocked: "has a folder whose name something else has", open: "is open", changed: "was changed" };
const noteOf = (row) => {
  if (row.problem === "no room") return roomText(row);
  if (row.problem) return problems[row.problem] ?? `failed: ${row.why ?? "unknown"}`;
  const texts = row.files.map(({ path, what, why }) => `${path} ${remarks[what] ?? remarks[why] ?? "was changed"}`);
  if (row.beside.length > 0) texts.push(`the new one is ${row.beside[0]}`);
  if (row.more > 0) texts.push(`and ${plural(row.more, "file")} more`);
  return texts.join("; ");
};
const columns = [
  { title: "New", isNumber: true, text: counted("place") },
  { title: "Replaced", isNumber: true, text: counted("replace") },
  { title: "Beside", isNumber: true, text: counted("beside") },
  { title: "As before", isNumber: true, text: counted("same", "offered") },
  { title: "Left", isNumber: true, text: counted("removed", "blocked", "kept") },
  { title: "Note", text: noteOf },
];
const versionsText = (versions) => {
  const found = Object.entries(versions).filter(([, number]) => number > 1);
  return found.length === 0 ? "" : ` ${found.map(([name, number]) => `${name}: version ${number}.`).join(" ")}`;
};
const later = "Whoever has no home yet gets it when their server starts.";

const forget = () => {
  sending?.abort();
  word = undefined;
  go.disabled = true;
  tell(dialog, "");
  showSheet(dialog, [], columns);
};

const look = async (chosen) => {
  forget();
  const found = chosen.filter(isVisible);
  const bytes = found.reduce((sum, { size }) => sum + size, 0);
  if (found.length === 0) return chosen.length > 0 && tell(dialog, "There is no file to hand out. Hidden files are not handed out.");
  if (bytes > most.bytes || found.length > most.files)
    return tell(
      dialog,
      `These are ${plural(found.length, "file")} with ${bytesText(bytes)}. Up to ${most.files} files and ${bytesText(most.bytes)} can be handed out, since each home gets a copy.`,
    );
  tell(dialog, `Sending ${plural(found.length, "file")}, ${bytesText(bytes)}, to the hub…`);
  const list = found.map((file) => ({ path: pathOf(file), size: file.size }));
  const controller = new AbortController();
  sending = controller;
  const body = new Blob([`${JSON.stringify({ files: list })}\n`, ...found]);
  const answer = await post("files", body, (text) => tell(dialog, text), controller.signal);
  if (!answer || controller.signal.aborted) return undefined;
  word = answer.sent;
  go.disabled = false;
  const skipped = chosen.length - found.length;
  const hidden = skipped === 0 ? "" : ` Without ${plural(skipped, "hidden file")}.`;
  const what = `${plural(answer.files, "file")} with ${bytesText(answer.bytes)} for ${plural(answer.rows.length, "home")}.`;
  tell(dialog, `Nothing has changed yet. ${what}${versionsText(answer.versions)}${hidden} ${later}`);
  return showSheet(dialog, answer.rows, columns);
};

const handOut = async () => {
  const sent = word;
  go.disabled = true;
  tell(dialog, "Handing out…");
  // A dialog that was closed meanwhile says nothing any more.
  const isShown = () => dialog.open && word === sent;
  const answer = await post("handout", { sent }, (text) => (isShown() ? tell(dialog, text) : say(text)));
  // A refusal, such as that of a hub that is busy, may be over in a minute.
  if (!answer) return void (go.disabled = !word);
  const failed = answer.rows.filter(({ problem }) => problem && problem !== "no limit").length;
  const reached = answer.rows.filter(({ problem }) => !problem).length;
  const well = `Handed out to ${plural(reached, "home")}.${versionsText(answer.versions)} ${later}`;
  const badly = failed === 0 ? "" : `\n${plural(failed, "home")} got nothing, and will at the next start if there is room.`;
  if (!isShown()) return say(well + badly);
  word = undefined;
  tell(dialog, well + badly);
  return showSheet(dialog, answer.rows, columns);
};

$("#hand-out").addEventListener("click", () => {
  folder.value = "";
  files.value = "";
  forget();
  dialog.showModal();
});
// Else a browser says nothing of a folder that is chosen again, with files that were edited meanwhile.
for (const input of [folder, files])
  input.addEventListener("click", () => {
    input.value = "";
    forget();
  });
folder.addEventListener("change", () => {
  files.value = "";
  void look([...folder.files]);
});
files.addEventListener("change", () => {
  folder.value = "";
  void look([...files.files]);
});
go.addEventListener("click", () => void handOut());
dialog.addEventListener("close", forget);
