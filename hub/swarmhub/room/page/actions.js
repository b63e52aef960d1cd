// What can be done: for one person in a dialog, and for all.

import { $, agoText, cpuText, endedText, lookOf, make, nameOf, pairText, plural, setText, stateText, timeText, view } from "./words.js";

const { xsrf, class: className } = document.documentElement.dataset;

export const toStart = () =>
  (view.state?.people ?? []).filter(({ role, state: each }) => role === "student" && (each === "away" || each === "failed"));
let resultEnds;
/** Shows for ten seconds what has happened. */
export const say = (text) => {
  setText($("#result"), text);
  clearTimeout(resultEnds);
  resultEnds = setTimeout(() => setText($("#result"), ""), 10_000);
};
const done = {
  start: "starts",
  "safe-start": "starts safely",
  stop: "stops",
  restart: "restarts",
  "safe-restart": "restarts safely",
  interrupt: "has its kernel interrupted",
  quota: "has the new limit",
  helped: "is helped",
};

/** The hub's answer; undefined if it refuses, whose sentence is then given to `tell`. A body that is a Blob is sent as it is. */
export const post = async (address, body, tell = say, signal = undefined) => {
  const isBlob = body instanceof Blob;
  const response = await fetch(address, {
    method: "POST",
    headers: { "Content-Type": isBlob ? "application/octet-stream" : "application/json", "X-XSRFToken": xsrf },
    body: isBlob ? body : JSON.stringify(body),
    signal,
  }).catch(() => undefined);
  const answer = await response?.json().catch(() => undefined);
  if (response?.ok) return answer;
  if (!signal?.aborted) tell(answer?.message ?? "The page cannot reach the hub. Please try again.");
  return undefined;
};
/** Does what concerns the whole class, and says what was done; returns whether it was. */
export const send = async (address, body, text) => {
  const isDone = (await post(address, body)) !== undefined;
  if (isDone) say(text);
  return isDone;
};

export const act = async (action, users, more = {}) => {
  say(users.length === 1 ? "Asking the hub…" : `Asking the hub for ${users.length} people…`);
  const answer = await post("act", { action, users, ...more });
  if (!answer) return;
  const failed = answer.results.filter(({ ok }) => !ok);
  const notes = answer.results.filter(({ ok, say: note }) => ok && note);
  const lines = [...failed, ...notes].slice(0, 5).map(({ user, say: text }) => `${nameOf(user)}: ${text}`);
  const well = answer.results.length - failed.length - notes.length;
  if (well > 0) lines.unshift(users.length === 1 ? `${nameOf(users[0])} ${done[action]}.` : `${plural(well, "server")} asked for.`);
  if (failed.length > 5) lines.push(`and ${failed.length - 5} more`);
  say(lines.join("\n"));
};

const [confirmDialog, confirmInput, confirmYes] = [$("#confirm"), $("#confirm-input"), $("#confirm-yes")];
let needsName = false;
const allowConfirm = () => (confirmYes.disabled = needsName && confirmInput.value.trim() !== className);
confirmInput.addEventListener("input", allowConfirm);
// Enter in the field is the first button's, which cancels.
confirmInput.addEventListener("keydown", (event) => {
  if (event.key !== "Enter") return;
  event.preventDefault();
  if (!confirmYes.disabled) confirmYes.click();
});

/** Asks before something is done; with `asksName` for the class's name, without which the hub does not do it. */
export const confirmed = (title, text, button, asksName) => {
  needsName = asksName;
  setText($("#confirm-title"), title);
  setText($("#confirm-text"), text);
  setText(confirmYes, button);
  confirmYes.className = needsName ? "danger" : "primary";
  $("#confirm-name").hidden = !needsName;
  confirmInput.value = "";
  allowConfirm();
  confirmDialog.returnValue = "";
  confirmDialog.showModal();
  return new Promise((resolve) => {
    const close = () => resolve(confirmDialog.returnValue === "yes" && { confirm: confirmInput.value.trim() });
    confirmDialog.addEventListener("close", close, { once: true });
  });
};

let opened;
const personNow = () => view.state.people.find(({ name }) => name === opened);
export const openPerson = (name) => {
  opened = name;
  const person = personNow();
  $("#person-output").hidden = true;
  $("#quota-size").value = person.quota ? Number((person.quota / 1024).toFixed(2)) : "";
  drawPerson();
  $("#person").showModal();
  if (person.state === "failed" && !view.hidesNames) void showOutput(name);
};
const showOutput = async (name) => {
  const response = await fetch(`output?${new URLSearchParams({ user: name })}`, { headers: { "X-XSRFToken": xsrf } }).catch(
    () => undefined,
  );
  const { lines } = response?.ok ? await response.json() : { lines: [] };
  if (opened !== name || lines.length === 0) return;
  setText($("#person-output pre"), lines.join("\n"));
  $("#person-output").hidden = false;
  $("#person-output pre").scrollTop = $("#person-output pre").scrollHeight; // the end says why
};

export const drawPerson = () => {
  const person = opened === undefined ? undefined : personNow();
  if (!person) return;
  setText($("#person-title"), nameOf(person.name));
  $("#person-state").className = `state ${lookOf(person)}`;
  setText($("#person-state"), stateText(person));
  const facts = [
    ["Reason", person.state === "failed" && person.say],
    ["Stage", person.state === "starting" && person.say],
    ["Note", person.state === "running" && !view.hidesNames && person.say],
    ["Asks for help", person.help && `since ${timeText(person.help)}`],
    ["Memory ended", person.ended && endedText(person.ended)],
    ["Machine", person.machine],
    ["Memory", person.memory !== undefined && pairText(person.memory, person.limit)],
    ["CPU", person.cpu !== undefined && cpuText(person)],
    ["Home", person.home !== undefined && pairText(person.home, person.quota)],
    ["Last used", person.activity && agoText(person.activity)],
  ].filter(([, text]) => text);
  const list = $("#person dl");
  const key = JSON.stringify(facts);
  if (list.dataset.key !== key) list.replaceChildren(...facts.flatMap(([label, text]) => [make("dt", {}, label), make("dd", {}, text)]));
  list.dataset.key = key;
  const isOff = person.state === "away" || person.state === "failed";
  // Without a home that stays, there is nothing to leave aside.
  const hasHome = person.home !== undefined;
  const shown = {
    start: isOff,
    "safe-start": isOff && hasHome,
    "safe-restart": person.state === "running" && hasHome,
    helped: person.help !== undefined,
    interrupt: person.state === "running" && person.busy !== false,
    restart: person.state === "running",
    stop: ["running", "starting", "queued"].includes(person.state),
  };
  for (const button of document.querySelectorAll("#person [data-action]")) button.hidden = !shown[button.dataset.action];
  $("#safe-note").hidden = !shown["safe-start"] && !shown["safe-restart"];
  $("#quota").hidden = person.quota === undefined;
};

const questions = {
  stop: ["Stop the server of", "Files are kept. Programs and variables of open notebooks are lost.", "Stop the server"],
  restart: [
    "Restart the server of",
    "Files are kept. Programs and variables of open notebooks are lost. The server starts again at once.",
    "Restart the server",
  ],
  "safe-restart": [
    "Restart safely the server of",
    "Files are kept. Programs and variables of open notebooks are lost. The server starts without their own packages and settings.",
    "Restart safely",
  ],
};
export const actOnPerson = async (action) => {
  const name = opened;
  $("#person").close();
  if (!questions[action]) return act(action, [name]);
  const [title, text, button] = questions[action];
  const answer = await confirmed(`${title} ${nameOf(name)}?`, text, button, true);
  return answer && act(action, [name], answer);
};

$("#person").addEventListener("close", () => (opened = undefined));
$("#person .actions").addEventListener("click", ({ target: { dataset } }) => dataset.action && void actOnPerson(dataset.action));
$("#quota").addEventListener("submit", () => void act("quota", [opened], { bytes: Math.round(Number($("#quota-size").value) * 2 ** 30) }));
