// The head, the warnings, the machines and the curves.

import { $, make, meter, nameOf, now, pairText, plural, setText, sizeText, spanText, timeText, view } from "./words.js";

const count = (name) => view.state.people.filter((person) => person.state === name).length;
const sum = (key) => view.state.machines.reduce((total, machine) => total + (machine[key] ?? 0), 0);

export const drawSummary = () => {
  const parts = [`${view.state.taken} of ${plural(view.state.seats, "seat")} taken`];
  if (count("starting")) parts.push(`${count("starting")} starting`);
  if (view.state.queue) parts.push(`${view.state.queue} in the queue`);
  if (count("failed")) parts.push(`${count("failed")} failed`);
  const calls = view.state.people.filter(({ help }) => help !== undefined).length;
  if (calls) parts.push(`${calls} ${calls === 1 ? "asks" : "ask"} for help`);
  setText($("#summary"), parts.join(" · "));
  setText($("#seats"), String(view.state.taken));
  setText($("#seats-note"), `of ${view.state.seats}${view.state.queue ? `, ${view.state.queue} waiting` : ""}`);
  const total = sum("memoryTotal");
  setText($("#memory"), total ? `${Math.round((100 * sum("memory")) / total)} %` : "–");
  setText($("#memory-note"), total ? `of ${sizeText(total)}` : "");
};

/** Of each warm start a sentence: who is ready, and why others are not. */
export const drawWarm = () => {
  const texts = (view.state.warm?.starts ?? []).map((start) => {
    const group = start.group ? ` (group ${start.group})` : "";
    const reasons = [...new Set(start.missing.map(({ say }) => say))].map((reason) => {
      const names = start.missing.filter(({ say }) => say === reason).map(({ name }) => nameOf(name));
      return `${names.join(", ")}: ${reason}`;
    });
    const ready = start.problem ?? `${start.ready} of ${start.total} ready${start.going ? ", the others start" : ""}`;
    return [`Warm start for ${timeText(start.at)}${group}: ${ready}`, ...reasons].join(" · ");
  });
  const { next } = view.state.warm ?? {};
  if (next?.say) texts.push(`Warm start for ${timeText(next.at)}: ${next.say}`);
  $("#warm").hidden = texts.length === 0;
  setText($("#warm"), texts.join(" "));
};

const partText = (part) => (typeof part === "string" ? part : part.person === undefined ? timeText(part.time) : nameOf(part.person));
export const drawWarnings = () => {
  const texts = view.state.warnings.map((parts) => parts.map(partText).join(""));
  $("#warnings").hidden = texts.length === 0;
  const list = $("#warnings ul");
  if (list.textContent !== texts.join("")) list.replaceChildren(...texts.map((text) => make("li", {}, text)));
};

const machineWords = (machine) => {
  if (machine.state !== "ready") return [`This machine is ${machine.state}`, true];
  if (machine.memoryTotal === undefined) return [machine.heard ? `No news since ${timeText(machine.heard)}` : "No report yet", true];
  return [machine.open ? "" : "Takes no servers of users", false];
};
const figure = (label, used, total, text) => [
  make("dt", {}, label),
  make("dd", {}, meter(used, total)),
  make("dd", { class: "number" }, text),
];
export const drawMachines = () => {
  const key = JSON.stringify(view.state.machines);
  const list = $("#machines");
  if (list.dataset.key === key) return;
  list.dataset.key = key;
  list.replaceChildren(
    ...view.state.machines.map((machine) => {
      const [words, isBad] = machineWords(machine);
      const figures = make("dl");
      if (machine.memoryTotal)
        figures.append(...figure("Memory", machine.memory, machine.memoryTotal, pairText(machine.memory, machine.memoryTotal)));
      if (machine.cores)
        figures.append(
          ...figure(
            "CPU",
            machine.cpu ?? 0,
            machine.cores,
            machine.cpu === undefined ? "–" : `${machine.cpu.toFixed(1)} of ${machine.cores}`,
          ),
        );
      if (machine.diskTotal) figures.append(...figure("Disk", machine.disk, machine.diskTotal, pairText(machine.disk, machine.diskTotal)));
      const title = make("h3", {}, machine.name, make("span", {}, plural(machine.people, "person", "people")));
      return make(
        "li",
        {},
        title,
        ...(words ? [make("p", { class: `words${isBad ? " bad" : ""}` }, words)] : []),
        ...(figures.children.length ? [figures] : []),
      );
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
  if (points.length && element.classList.contains("dots"))
    paths.push(svg("path", { d: points.map(([time, value]) => `M${x(time)} ${y(value)}h0`).join("") }));
  else if (points.length) {
    const line = points.map(([time, value]) => `${x(time)} ${y(value)}`).join("L");
    paths.push(
      svg("path", { class: "area", d: `M${x(points[0][0])} ${height}L${line}L${x(points.at(-1)[0])} ${height}Z` }),
      svg("path", { d: `M${line}` }),
    );
  }
  element.replaceChildren(...paths);
  element.setAttribute("aria-label", words);
  const axis = element.nextElementSibling;
  setText(axis.firstElementChild, points.length ? timeText(from) : "");
  setText(axis.lastElementChild, points.length ? timeText(to) : "");
};

const highest = (values) => Math.max(0, ...values);
export const drawCurves = () => {
  if (!view.state?.people) return;
  // A day of the class begins at four in the morning.
  const morning = new Date((now() - 4 * 3600) * 1000).setHours(4, 0, 0, 0) / 1000;
  const points = view.curves.points.filter(([time]) => time > morning);
  const starts = view.curves.starts.filter(([time]) => time > morning);
  const span = [Math.min(points[0]?.[0] ?? now(), starts[0]?.[0] ?? now(), now() - 600), now()];
  const seats = points.map(([time, taken]) => [time, taken]);
  const most = highest(seats.map(([, taken]) => taken));
  drawCurve(
    "seats-curve",
    seats,
    span,
    Math.max(view.state.seats, most),
    `Seats taken since ${timeText(span[0])}: ${view.state.taken} now, ${most} at most`,
    view.state.seats,
  );
  const memory = points.map(([time, , , share]) => [time, share]);
  drawCurve(
    "memory-curve",
    memory,
    span,
    100,
    `Memory since ${timeText(span[0])}: at most ${highest(memory.map(([, share]) => share))} percent`,
    100,
  );
  const sorted = starts.map(([, seconds]) => seconds).toSorted((one, other) => one - other);
  const median = sorted[Math.floor(sorted.length / 2)];
  const words = sorted.length
    ? `${plural(sorted.length, "start")}: half of them within ${spanText(median)}, the slowest ${spanText(sorted.at(-1))}`
    : "No starts yet";
  drawCurve("starts-curve", starts, span, 1.1 * (sorted.at(-1) ?? 1), words, undefined);
  setText($("#starts"), sorted.length ? spanText(median) : "–");
  setText($("#starts-note"), sorted.length ? `median of ${sorted.length}, slowest ${spanText(sorted.at(-1))}` : "no starts yet");
};

/** The end of the certificate, as bad news from two weeks before: by then it should have been renewed. */
export const drawCertificate = ({ end }) => {
  const element = $("#certificate");
  element.hidden = end === null;
  if (end === null) return;
  const days = Math.floor((end - now()) / 86_400);
  const date = new Date(end * 1000).toLocaleDateString(undefined, { dateStyle: "long" });
  element.className = days < 14 ? "bad" : "";
  setText(
    element,
    days < 0 ? `The certificate ended on ${date}` : `Certificate until ${date}${days < 14 ? `, in ${plural(days, "day")}` : ""}`,
  );
};
