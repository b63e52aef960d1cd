// The page of the room. All that comes from users goes into the page as text, never as HTML.

const root = document.documentElement;
const { xsrf, class: className } = root.dataset;
const $ = (selector, within = document) => within.querySelector(selector);

/** An element with its text or children. */
const make = (name, attributes = {}, ...children) => {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
};
/** Sets a text only where it differs: a selection or a screen reader in it is not disturbed. */
const setText = (element, text) => {
  if (element.textContent !== text) element.textContent = text;
};
const plural = (count, word, many = `${word}s`) => `${count} ${count === 1 ? word : many}`;

// --- what is shown of times and sizes ---------------------------------------------------------------------------------------

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const timeText = (seconds) => clock.format(seconds * 1000);
const spanText = (seconds) => {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  return whole < 3600 ? `${Math.floor(whole / 60)} min` : `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
};
const sizeText = (megabytes) => (megabytes < 1000 ? `${Math.round(megabytes)} MB` : `${Number((megabytes / 1024).toFixed(1))} GB`);
const pairText = (used, total) => `${sizeText(used)} of ${sizeText(total)}`;
/** Seconds since 1970 by the clock of the hub. */
let clockOffset = 0;
const now = () => Date.now() / 1000 + clockOffset;
const agoText = (seconds) => (now() - seconds < 120 ? "now" : now() - seconds < 86_400 ? `${spanText(now() - seconds)} ago` : new Date(seconds * 1000).toLocaleDateString());

// --- names, which one key hides ------------------------------------------------------------------------------------------------

let hidesNames = localStorage.getItem("hides-names") === "yes";
const numbers = new Map();
const nameOf = (name) => {
  if (!hidesNames) return name;
  if (!numbers.has(name)) numbers.set(name, numbers.size + 1);
  return `Person ${numbers.get(name)}`;
};

const stateText = (person) => {
  const since = person.since ? spanText(now() - person.since) : "";
  switch (person.state) {
    case "queued":
      return `Number ${person.place} in the queue, ${since}`;
    case "starting":
      return `Starting, ${since}`;
    case "failed":
      return `Failed at ${timeText(person.since)}`;
    case "running":
      return person.busy ? "Running, kernel busy" : "Running";
    case "stopping":
      return "Stopping";
    case "checking":
      return "The hub looks whether it runs";
    default:
      return "Not here";
  }
};
const endedText = ({ count, at, before }) =>
  `${count === 1 ? "A kernel or program was" : `${count} kernels or programs were`} ended for memory ${before ? "before" : "at"} ${timeText(at)}`;
/** The sentence below the state, and whether it is bad news. */
const wordsOf = (person) => {
  if (person.state === "running") return person.ended ? [endedText(person.ended), true] : ["", false];
  return [person.say ?? "", person.state === "failed"];
};

// --- the table ------------------------------------------------------------------------------------------------------------------

const order = ["failed", "queued", "starting", "stopping", "checking", "running", "away"];
const labels = { failed: "Failed", queued: "In the queue", starting: "Starting", running: "Running", away: "Not here" };
const filters = { all: () => true, problems: (person) => isProblem(person), ...Object.fromEntries(Object.keys(labels).map((state) => [state, (person) => person.state === state])) };
const isProblem = (person) => person.state === "failed" || person.ended !== undefined || (person.quota > 0 && person.home > 0.9 * person.quota);

let state;
let filter = "all";
let sortedBy = ["name", 1];
const rows = new Map();
const body = $("tbody");

const meter = (used, total) => {
  const bar = make("span", { class: `meter${used > 0.9 * total ? " high" : ""}`, "aria-hidden": "true" }, make("i"));
  bar.firstChild.style.setProperty("--share", Math.min(1, used / total).toFixed(3));
  return bar;
};
const amount = (text, used, total) => make("span", { class: "amount" }, make("span", {}, text), ...(total > 0 ? [meter(used, total)] : []));
const none = () => make("span", { class: "none" }, "–");

/** The cells of a row as [label, key, elements]: a cell is only drawn again if its key differs. */
const cellsOf = (person) => {
  const [words, isBad] = wordsOf(person);
  const role = person.role === "student" ? [] : [make("span", { class: "role" }, person.role)];
  const open = make("button", { type: "button", class: "open", "aria-haspopup": "dialog" }, nameOf(person.name));
  const text = stateText(person);
  const has = (value) => value !== undefined;
  return [
    ["", nameOf(person.name), () => [open, ...role]],
    ["", `${text}|${words}`, () => [make("span", { class: `state ${person.state}` }, text), ...(words ? [make("span", { class: `words${isBad ? " bad" : ""}` }, words)] : [])]],
    ["Machine", person.machine ?? "", () => [person.machine ?? none()]],
    ["Memory", `${person.memory}|${person.limit}`, () => [has(person.memory) ? amount(pairText(person.memory, person.limit), person.memory, person.limit) : none()]],
    ["CPU", `${person.cpu}|${person.cores}`, () => [has(person.cpu) ? amount(`${person.cpu.toFixed(1)}${person.cores ? ` of ${plural(person.cores, "core")}` : ""}`, person.cpu, person.cores ?? 0) : none()]],
    ["Home", `${person.home}|${person.quota}`, () => [has(person.home) ? amount(pairText(person.home, person.quota), person.home, person.quota) : none()]],
    ["Last used", has(person.activity) ? agoText(person.activity) : "", () => [has(person.activity) ? agoText(person.activity) : none()]],
  ];
};

const drawRow = (person) => {
  if (!rows.has(person.name)) {
    const element = make("tr");
    element.append(make("th", { scope: "row" }), ...Array.from({ length: 6 }, () => make("td")));
    rows.set(person.name, { element, keys: [] });
    body.append(element);
    $("th", element).addEventListener("click", (event) => event.target.closest(".open") && openPerson(person.name));
  }
  const row = rows.get(person.name);
  for (const [index, [label, key, elements]] of cellsOf(person).entries()) {
    if (row.keys[index] === key) continue;
    const cell = row.element.children[index];
    const hadFocus = cell.contains(document.activeElement);
    cell.replaceChildren(...elements());
    if (label) cell.dataset.label = label;
    if (hadFocus) $("button", cell)?.focus();
    row.keys[index] = key;
  }
};

const sortValue = { name: (person) => nameOf(person.name).toLowerCase(), state: (person) => order.indexOf(person.state), machine: (person) => person.machine ?? "~" };
/** Only when asked: nothing may move under a finger. Somebody who is new comes last. */
const sortRows = () => {
  const [key, direction] = sortedBy;
  const value = sortValue[key] ?? ((person) => person[key] ?? -1);
  const compare = (one, other) => (typeof value(one) === "string" ? value(one).localeCompare(value(other), undefined, { numeric: true }) : value(one) - value(other));
  const sorted = state.people.toSorted((one, other) => direction * compare(one, other) || one.name.localeCompare(other.name));
  body.append(...sorted.map(({ name }) => rows.get(name).element));
  for (const button of document.querySelectorAll("[data-sort]"))
    if (button.dataset.sort === key) button.parentElement.setAttribute("aria-sort", direction > 0 ? "ascending" : "descending");
    else button.parentElement.removeAttribute("aria-sort");
};

const showMatching = () => {
  const searched = $("#search").value.trim().toLowerCase();
  let shown = 0;
  for (const person of state.people) {
    const text = `${nameOf(person.name)} ${person.machine ?? ""} ${stateText(person)}`.toLowerCase();
    const isShown = filters[filter](person) && text.includes(searched);
    rows.get(person.name).element.hidden = !isShown;
    shown += Number(isShown);
  }
  $("#nobody").hidden = shown > 0;
};

const drawFilters = () => {
  const names = { all: "Everybody", problems: "Problems", ...labels };
  for (const [name, text] of Object.entries(names)) {
    const button = $(`#filters [data-filter=${name}]`) ?? make("button", { type: "button", "data-filter": name });
    if (!button.isConnected) $("#filters").append(button);
    const count = state.people.filter(filters[name]).length;
    setText(button, `${text} ${count}`);
    button.setAttribute("aria-pressed", String(filter === name));
    button.hidden = count === 0 && name !== "all" && name !== filter;
  }
};

const drawPeople = () => {
  const known = new Set(state.people.map(({ name }) => name));
  const isFirst = rows.size === 0;
  for (const [name, { element }] of rows)
    if (!known.has(name)) {
      element.remove();
      rows.delete(name);
    }
  for (const person of state.people) drawRow(person);
  if (isFirst) sortRows();
  drawFilters();
  showMatching();
};

// --- the head, warnings, machines and curves ---------------------------------------------------------------------------------

const drawSummary = () => {
  const count = (name) => state.people.filter((person) => person.state === name).length;
  const parts = [`${state.taken} of ${plural(state.seats, "seat")} taken`];
  if (count("starting")) parts.push(`${count("starting")} starting`);
  if (state.queue) parts.push(`${state.queue} in the queue`);
  if (count("failed")) parts.push(`${count("failed")} failed`);
  setText($("#summary"), parts.join(" · "));
  setText($("#seats"), String(state.taken));
  setText($("#seats-note"), `of ${state.seats}${state.queue ? `, ${state.queue} waiting` : ""}`);
  const sum = (key) => state.machines.reduce((total, machine) => total + (machine[key] ?? 0), 0);
  const total = sum("memoryTotal");
  setText($("#memory"), total ? `${Math.round((100 * sum("memory")) / total)} %` : "–");
  setText($("#memory-note"), total ? `of ${sizeText(total)}` : "");
  $("#start-all").disabled = toStart().length === 0;
};

const partText = (part) => (typeof part === "string" ? part : part.person === undefined ? timeText(part.time) : nameOf(part.person));
const drawWarnings = () => {
  const texts = state.warnings.map((parts) => parts.map(partText).join(""));
  $("#warnings").hidden = texts.length === 0;
  const list = $("#warnings ul");
  if (list.textContent !== texts.join("")) list.replaceChildren(...texts.map((text) => make("li", {}, text)));
};

const machineWords = (machine) => {
  if (machine.state !== "ready") return [`This machine is ${machine.state}`, true];
  if (machine.memoryTotal === undefined) return [machine.heard ? `No news since ${timeText(machine.heard)}` : "No report yet", true];
  return [machine.open ? "" : "Takes no servers of users", false];
};
const figure = (label, used, total, text) => [make("dt", {}, label), make("dd", {}, meter(used, total)), make("dd", { class: "number" }, text)];
const drawMachines = () => {
  const key = JSON.stringify(state.machines);
  const list = $("#machines");
  if (list.dataset.key === key) return;
  list.dataset.key = key;
  list.replaceChildren(
    ...state.machines.map((machine) => {
      const [words, isBad] = machineWords(machine);
      const figures = make("dl");
      if (machine.memoryTotal) figures.append(...figure("Memory", machine.memory, machine.memoryTotal, pairText(machine.memory, machine.memoryTotal)));
      if (machine.cores) figures.append(...figure("CPU", machine.cpu ?? 0, machine.cores, machine.cpu === undefined ? "–" : `${machine.cpu.toFixed(1)} of ${machine.cores}`));
      if (machine.diskTotal) figures.append(...figure("Disk", machine.disk, machine.diskTotal, pairText(machine.disk, machine.diskTotal)));
      const title = make("h3", {}, machine.name, make("span", {}, plural(machine.people, "person", "people")));
      return make("li", {}, title, ...(words ? [make("p", { class: `words${isBad ? " bad" : ""}` }, words)] : []), ...(figures.children.length ? [figures] : []));
    }),
  );
};

const svg = (name, attributes) => {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
};
const [width, height] = [240, 56];
/** A curve or dots of [time, value] between two times, and what it says in words. */
const drawCurve = (id, points, [from, to], top, words, limit) => {
  const element = $(`#${id}`);
  const x = (time) => (((time - from) / Math.max(1, to - from)) * width).toFixed(1);
  const y = (value) => (height - (Math.min(value, top) / Math.max(1, top)) * (height - 3)).toFixed(1);
  const paths = [svg("path", { class: "limit", d: `M0 ${y(limit ?? 0)}H${width}` })];
  if (points.length && element.classList.contains("dots")) paths.push(svg("path", { d: points.map(([time, value]) => `M${x(time)} ${y(value)}h0`).join("") }));
  else if (points.length) {
    const line = points.map(([time, value]) => `${x(time)} ${y(value)}`).join("L");
    paths.push(svg("path", { class: "area", d: `M${x(points[0][0])} ${height}L${line}L${x(points.at(-1)[0])} ${height}Z` }), svg("path", { d: `M${line}` }));
  }
  element.replaceChildren(...paths);
  element.setAttribute("aria-label", words);
  const axis = element.nextElementSibling;
  setText(axis.firstElementChild, points.length ? timeText(from) : "");
  setText(axis.lastElementChild, points.length ? timeText(to) : "");
};

let curves = { points: [], starts: [] };
const drawCurves = () => {
  if (!state?.people) return;
  const morning = new Date(now() * 1000).setHours(4, 0, 0, 0) / 1000;
  const points = curves.points.filter(([time]) => time > morning);
  const starts = curves.starts.filter(([time]) => time > morning);
  const span = [Math.min(points[0]?.[0] ?? now(), starts[0]?.[0] ?? now(), now() - 600), now()];
  const highest = (values) => Math.max(0, ...values);
  const seats = points.map(([time, taken]) => [time, taken]);
  const most = highest(seats.map(([, taken]) => taken));
  drawCurve("seats-curve", seats, span, Math.max(state.seats, most), `Seats taken since ${timeText(span[0])}: ${state.taken} now, ${most} at most`, state.seats);
  const memory = points.map(([time, , , share]) => [time, share]);
  drawCurve("memory-curve", memory, span, 100, `Memory since ${timeText(span[0])}: at most ${highest(memory.map(([, share]) => share))} percent`, 100);
  const sorted = starts.map(([, seconds]) => seconds).toSorted((one, other) => one - other);
  const median = sorted[Math.floor(sorted.length / 2)];
  const words = sorted.length ? `${plural(sorted.length, "start")}: half of them within ${spanText(median)}, the slowest ${spanText(sorted.at(-1))}` : "No starts yet";
  drawCurve("starts-curve", starts, span, 1.1 * (sorted.at(-1) ?? 1), words, undefined);
  setText($("#starts"), sorted.length ? spanText(median) : "–");
  setText($("#starts-note"), sorted.length ? `median of ${sorted.length}, slowest ${spanText(sorted.at(-1))}` : "no starts yet");
};

const draw = () => {
  if (!state?.people) return;
  drawSummary();
  drawWarnings();
  drawMachines();
  drawPeople();
  drawPerson();
};

// --- what can be done ------------------------------------------------------------------------------------------------------------

const toStart = () => (state?.people ?? []).filter(({ role, state: each }) => role === "student" && (each === "away" || each === "failed"));
let resultEnds;
const say = (text) => {
  setText($("#result"), text);
  clearTimeout(resultEnds);
  resultEnds = setTimeout(() => setText($("#result"), ""), 10_000);
};
const done = { start: "starts", stop: "stops", restart: "restarts", interrupt: "has its kernel interrupted", quota: "has the new limit" };

const act = async (action, users, more = {}) => {
  say(users.length === 1 ? "Asking the hub…" : `Asking the hub for ${users.length} people…`);
  const response = await fetch("act", { method: "POST", headers: { "Content-Type": "application/json", "X-XSRFToken": xsrf }, body: JSON.stringify({ action, users, ...more }) }).catch(() => undefined);
  const answer = await response?.json().catch(() => undefined);
  if (!response?.ok) return say(answer?.message ?? "The page cannot reach the hub. Please try again.");
  const failed = answer.results.filter(({ ok }) => !ok);
  const notes = answer.results.filter(({ ok, say: note }) => ok && note);
  const lines = [...failed, ...notes].slice(0, 5).map(({ user, say: text }) => `${nameOf(user)}: ${text}`);
  const well = answer.results.length - failed.length - notes.length;
  if (well > 0) lines.unshift(users.length === 1 ? `${nameOf(users[0])} ${done[action]}.` : `${plural(well, "server")} asked for.`);
  if (failed.length > 5) lines.push(`and ${failed.length - 5} more`);
  say(lines.join("\n"));
};

/** Asks before something is done; with `needsName` for the class's name, without which the hub does not do it. */
const confirmed = (title, text, button, needsName) => {
  const dialog = $("#confirm");
  const [input, yes] = [$("#confirm-input"), $("#confirm-yes")];
  setText($("#confirm-title"), title);
  setText($("#confirm-text"), text);
  setText(yes, button);
  yes.className = needsName ? "danger" : "primary";
  $("#confirm-name").hidden = !needsName;
  input.value = "";
  input.oninput = () => (yes.disabled = needsName && input.value.trim() !== className);
  input.oninput();
  // Enter in the field is the first button's, which cancels.
  input.onkeydown = (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    if (!yes.disabled) yes.click();
  };
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes" && { confirm: input.value.trim() }), { once: true }));
};

let opened;
const personNow = () => state.people.find(({ name }) => name === opened);
const openPerson = (name) => {
  opened = name;
  const person = personNow();
  $("#person-output").hidden = true;
  $("#quota-size").value = person.quota ? Number((person.quota / 1024).toFixed(2)) : "";
  drawPerson();
  $("#person").showModal();
  if (person.state === "failed" && !hidesNames) void showOutput(name);
};
const showOutput = async (name) => {
  const response = await fetch(`output?${new URLSearchParams({ user: name })}`, { headers: { "X-XSRFToken": xsrf } }).catch(() => undefined);
  const { lines } = response?.ok ? await response.json() : { lines: [] };
  if (opened !== name || lines.length === 0) return;
  setText($("#person-output pre"), lines.join("\n"));
  $("#person-output").hidden = false;
};

const drawPerson = () => {
  const person = opened === undefined ? undefined : personNow();
  if (!person) return;
  setText($("#person-title"), nameOf(person.name));
  $("#person-state").className = `state ${person.state}`;
  setText($("#person-state"), stateText(person));
  const facts = [
    ["Reason", person.state === "failed" && person.say],
    ["Stage", person.state === "starting" && person.say],
    ["Note", person.state === "running" && !hidesNames && person.say],
    ["Memory ended", person.ended && endedText(person.ended)],
    ["Machine", person.machine],
    ["Memory", person.memory !== undefined && pairText(person.memory, person.limit)],
    ["CPU", person.cpu !== undefined && `${person.cpu.toFixed(1)}${person.cores ? ` of ${plural(person.cores, "core")}` : ""}`],
    ["Home", person.home !== undefined && pairText(person.home, person.quota)],
    ["Last used", person.activity && agoText(person.activity)],
  ].filter(([, text]) => text);
  const list = $("#person dl");
  const key = JSON.stringify(facts);
  if (list.dataset.key !== key) list.replaceChildren(...facts.flatMap(([label, text]) => [make("dt", {}, label), make("dd", {}, text)]));
  list.dataset.key = key;
  const isOff = person.state === "away" || person.state === "failed";
  const shown = { start: isOff, interrupt: person.state === "running" && person.busy !== false, restart: person.state === "running", stop: ["running", "starting", "queued"].includes(person.state) };
  for (const button of document.querySelectorAll("#person [data-action]")) button.hidden = !shown[button.dataset.action];
  $("#quota").hidden = person.quota === undefined;
};

const questions = {
  stop: ["Stop the server of", "Files are kept. Programs and variables of open notebooks are lost.", "Stop the server"],
  restart: ["Restart the server of", "Files are kept. Programs and variables of open notebooks are lost. The server starts again at once.", "Restart the server"],
};
const actOnPerson = async (action) => {
  const name = opened;
  $("#person").close();
  if (!questions[action]) return act(action, [name]);
  const [title, text, button] = questions[action];
  const answer = await confirmed(`${title} ${nameOf(name)}?`, text, button, true);
  return answer && act(action, [name], answer);
};

$("#person").addEventListener("close", () => (opened = undefined));
$("#person .actions").addEventListener("click", (event) => event.target.dataset.action && void actOnPerson(event.target.dataset.action));
$("#quota").addEventListener("submit", () => void act("quota", [opened], { bytes: Math.round(Number($("#quota-size").value) * 2 ** 30) }));
$("#start-all").addEventListener("click", async () => {
  const users = toStart().map(({ name }) => name);
  const text = "Servers start in turns. Whoever finds no seat waits in the queue.";
  if (await confirmed(`Start ${plural(users.length, "server")}?`, text, "Start", false)) void act("start", users);
});
$("#filters").addEventListener("click", (event) => {
  filter = event.target.dataset.filter ?? filter;
  drawFilters();
  showMatching();
});
$("#search").addEventListener("input", showMatching);
$("thead").addEventListener("click", ({ target: { dataset } }) => {
  if (!dataset.sort || !state?.people) return;
  sortedBy = [dataset.sort, sortedBy[0] === dataset.sort ? -sortedBy[1] : 1];
  sortRows();
});

const setHidden = (isHidden) => {
  hidesNames = isHidden;
  localStorage.setItem("hides-names", isHidden ? "yes" : "no");
  $("#hide-names").setAttribute("aria-pressed", String(isHidden));
  draw();
};
$("#hide-names").addEventListener("click", () => setHidden(!hidesNames));
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, dialog")) return;
  if (event.key === "n") setHidden(!hidesNames);
  if (event.key === "/") {
    event.preventDefault();
    $("#search").focus();
  }
});
$("#hide-names").setAttribute("aria-pressed", String(hidesNames));

// --- the stream --------------------------------------------------------------------------------------------------------------------

let stream;
let again;
const problem = (text) => {
  $("#problem").hidden = !text;
  setText($("#problem"), text ?? "");
};
const connect = () => {
  clearTimeout(again);
  stream?.close();
  if (document.hidden) return;
  stream = new EventSource(`events?${new URLSearchParams({ _xsrf: xsrf })}`);
  stream.addEventListener("room", ({ data }) => {
    const found = JSON.parse(data);
    problem(found.problem);
    if (found.problem) return;
    const isFirst = state === undefined;
    state = found;
    clockOffset = found.now - Date.now() / 1000;
    draw();
    if (isFirst) drawCurves();
  });
  stream.addEventListener("curves", ({ data }) => {
    curves = JSON.parse(data);
    drawCurves();
  });
  // At the first answer other than 200, as while the hub restarts, a browser gives up for ever.
  stream.addEventListener("error", () => {
    if (stream.readyState !== EventSource.CLOSED) return;
    problem("The hub does not answer. This page tries again by itself. If this stays, load the page again.");
    again = setTimeout(connect, 2000);
  });
};
document.addEventListener("visibilitychange", connect);
connect();
setInterval(() => {
  if (!state?.people || document.hidden) return;
  for (const person of state.people) drawRow(person);
}, 1000);
