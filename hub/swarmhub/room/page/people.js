// The table of the people.

import { $, agoText, cpuText, isLost, lookOf, make, meter, nameOf, pairText, setText, stateText, view, wordsOf } from "./words.js";

/** What a click on a name does. */
export const people = { open: () => undefined };

const order = ["failed", "queued", "starting", "stopping", "checking", "running", "away"];
const labels = { failed: "Failed", queued: "In the queue", starting: "Starting", running: "Running", away: "Not here" };
const filters = {
  all: () => true,
  problems: (person) => isProblem(person),
  help: (person) => person.help !== undefined,
  ...Object.fromEntries(Object.keys(labels).map((state) => [state, (person) => person.state === state])),
};
const isProblem = (person) =>
  person.state === "failed" || isLost(person) || person.help !== undefined || person.ended !== undefined || (person.quota > 0 && person.home > 0.9 * person.quota);

const rows = new Map();
const body = $("tbody");

const amount = (text, used, total) => make("span", { class: "amount" }, make("span", {}, text), ...(total > 0 ? [meter(used, total)] : []));
const has = (value) => value !== undefined;
const none = () => make("span", { class: "none" }, "–");

/** The cells of a row as [label, key, elements]: a cell is only drawn again if its key differs. */
const cellsOf = (person) => {
  const [words, isBad] = wordsOf(person);
  const role = person.role === "student" ? [] : [make("span", { class: "role" }, person.role)];
  const open = make("button", { type: "button", class: "open", "aria-haspopup": "dialog" }, nameOf(person.name));
  const text = stateText(person);
  return [
    ["", nameOf(person.name), () => [open, ...role]],
    [
      "",
      `${text}|${words}`,
      () => [
        make("span", { class: `state ${lookOf(person)}` }, text),
        ...(words ? [make("span", { class: `words${isBad ? " bad" : ""}` }, words)] : []),
      ],
    ],
    ["Machine", person.machine ?? "", () => [person.machine ?? none()]],
    [
      "Memory",
      `${person.memory}|${person.limit}`,
      () => [has(person.memory) ? amount(pairText(person.memory, person.limit), person.memory, person.limit) : none()],
    ],
    [
      "CPU",
      `${person.cpu}|${person.cores}`,
      () => [has(person.cpu) ? amount(cpuText(person), person.cpu, person.cpu < 0.05 ? 0 : (person.cores ?? 0)) : none()],
    ],
    [
      "Home",
      `${person.home}|${person.quota}`,
      () => [has(person.home) ? amount(pairText(person.home, person.quota), person.home, person.quota) : none()],
    ],
    ["Last used", has(person.activity) ? agoText(person.activity) : "", () => [has(person.activity) ? agoText(person.activity) : none()]],
  ];
};

export const drawRow = (person) => {
  if (!rows.has(person.name)) {
    const element = make("tr");
    element.append(make("th", { scope: "row" }), ...Array.from({ length: 6 }, () => make("td")));
    rows.set(person.name, { element, keys: [] });
    body.append(element);
    $("th", element).addEventListener("click", (event) => event.target.closest(".open") && people.open(person.name));
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

const sortValue = {
  name: (person) => nameOf(person.name).toLowerCase(),
  state: (person) => order.indexOf(person.state),
  machine: (person) => person.machine ?? "~",
};
/** Only when asked: nothing may move under a finger. Somebody who is new comes last. */
export const sortRows = () => {
  const { key, direction } = view.sorting;
  const value = sortValue[key] ?? ((person) => person[key] ?? -1);
  const compare = (one, other) =>
    typeof value(one) === "string" ? value(one).localeCompare(value(other), undefined, { numeric: true }) : value(one) - value(other);
  const sorted = view.state.people.toSorted((one, other) => direction * compare(one, other) || one.name.localeCompare(other.name));
  body.append(...sorted.map(({ name }) => rows.get(name).element));
  for (const button of document.querySelectorAll("[data-sort]"))
    if (button.dataset.sort === key) button.parentElement.setAttribute("aria-sort", direction > 0 ? "ascending" : "descending");
    else button.parentElement.removeAttribute("aria-sort");
};

export const showMatching = () => {
  const searched = $("#search").value.trim().toLowerCase();
  let shown = 0;
  for (const person of view.state.people) {
    const text = `${nameOf(person.name)} ${person.machine ?? ""} ${stateText(person)}`.toLowerCase();
    const isShown = filters[view.filter](person) && text.includes(searched);
    rows.get(person.name).element.hidden = !isShown;
    shown += Number(isShown);
  }
  $("#nobody").hidden = shown > 0;
};

export const drawFilters = () => {
  const names = { all: "Everybody", problems: "Problems", help: "Ask for help", ...labels };
  for (const [name, text] of Object.entries(names)) {
    const button = $(`#filters [data-filter=${name}]`) ?? make("button", { type: "button", "data-filter": name });
    if (!button.isConnected) $("#filters").append(button);
    const count = view.state.people.filter(filters[name]).length;
    setText(button, `${text} ${count}`);
    button.setAttribute("aria-pressed", String(view.filter === name));
    button.hidden = count === 0 && name !== "all" && name !== view.filter;
  }
};

export const drawPeople = () => {
  const known = new Set(view.state.people.map(({ name }) => name));
  const isFirst = rows.size === 0;
  for (const [name, { element }] of rows)
    if (!known.has(name)) {
      element.remove();
      rows.delete(name);
    }
  for (const person of view.state.people) drawRow(person);
  if (isFirst) sortRows();
  drawFilters();
  showMatching();
};
