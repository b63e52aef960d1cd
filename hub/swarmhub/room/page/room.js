// The page of the room: what the hub sends, and the keys and buttons.

import { act, confirmed, drawPerson, openPerson, toStart } from "./actions.js";
import { drawAnnouncement } from "./announcement.js";
import { drawCollect } from "./collect.js";
import { drawDoors } from "./doors.js";
import { drawHandOut } from "./handout.js";
import { drawCertificate, drawCurves, drawMachines, drawSummary, drawWarm, drawWarnings } from "./overview.js";
import { drawFilters, drawPeople, drawRow, people, showMatching, sortRows } from "./people.js";
import { $, plural, setText, view } from "./words.js";

people.open = openPerson;
const { xsrf } = document.documentElement.dataset;

const draw = () => {
  if (!view.state?.people) return;
  drawSummary();
  drawWarm();
  drawWarnings();
  drawAnnouncement();
  drawDoors();
  drawHandOut();
  drawCollect();
  drawMachines();
  drawPeople();
  drawPerson();
  $("#start-all").disabled = toStart().length === 0 || Boolean(view.state.closed);
};

$("#start-all").addEventListener("click", async () => {
  const users = toStart().map(({ name }) => name);
  const text = "Servers start in turns. Whoever finds no seat waits in the queue.";
  if (await confirmed(`Start ${plural(users.length, "server")}?`, text, "Start", false)) void act("start", users);
});
$("#filters").addEventListener("click", (event) => {
  view.filter = event.target.dataset.filter ?? view.filter;
  drawFilters();
  showMatching();
});
$("#search").addEventListener("input", showMatching);
$("thead").addEventListener("click", ({ target: { dataset } }) => {
  if (!dataset.sort || !view.state?.people) return;
  const direction = view.sorting.key === dataset.sort ? -view.sorting.direction : 1;
  view.sorting = { key: dataset.sort, direction };
  sortRows();
});

const setHidden = (isHidden) => {
  view.hidesNames = isHidden;
  localStorage.setItem("hides-names", isHidden ? "yes" : "no");
  $("#hide-names").setAttribute("aria-pressed", String(isHidden));
  draw();
};
$("#hide-names").addEventListener("click", () => setHidden(!view.hidesNames));
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, dialog")) return;
  if (event.key.toLowerCase() === "n") setHidden(!view.hidesNames);
  if (event.key === "/") {
    event.preventDefault();
    $("#search").focus();
  }
});
$("#hide-names").setAttribute("aria-pressed", String(view.hidesNames));

// --- the stream --------------------------------------------------------------------------------------------------------------------

let stream;
let again;
let heardAt;
/** Seconds; something comes at least every 15 s. A browser may never notice that its network is gone. */
const longestSilence = 40;
const silent = "The hub does not answer. This page tries again by itself. If this stays, load the page again.";
const problem = (text) => {
  $("#problem").hidden = !text;
  setText($("#problem"), text ?? "");
};
const connect = () => {
  clearTimeout(again);
  stream?.close();
  if (document.hidden) return;
  heardAt = Date.now();
  stream = new EventSource(`events?${new URLSearchParams({ _xsrf: xsrf })}`);
  const on = (name, show) =>
    stream.addEventListener(name, ({ data }) => {
      heardAt = Date.now();
      show(JSON.parse(data));
    });
  on("alive", () => undefined);
  on("room", (found) => {
    problem(found.problem);
    if (found.problem) return;
    const isFirst = view.state === undefined;
    view.state = found;
    view.clockOffset = found.now - Date.now() / 1000;
    draw();
    if (isFirst) drawCurves();
  });
  on("certificate", drawCertificate);
  on("curves", (curves) => {
    view.curves = curves;
    drawCurves();
  });
  // At the first answer other than 200, as while the hub restarts, a browser gives up for ever.
  stream.addEventListener("error", () => {
    if (stream.readyState !== EventSource.CLOSED) return;
    problem(silent);
    again = setTimeout(connect, 2000);
  });
};
document.addEventListener("visibilitychange", connect);
connect();
setInterval(() => {
  if (document.hidden) return;
  if (Date.now() - heardAt > 1000 * longestSilence) {
    problem(silent);
    connect();
  }
  if (!view.state?.people) return;
  for (const person of view.state.people) drawRow(person);
}, 1000);
