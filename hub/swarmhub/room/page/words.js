// The words of the page: times, sizes, names and states. All that comes from users goes into the page as text, never as HTML.

/** What the page knows, and how it is looked at. */
export const view = {
  state: undefined,
  curves: { points: [], starts: [] },
  clockOffset: 0,
  hidesNames: localStorage.getItem("hides-names") === "yes",
  filter: "all",
  sorting: { key: "name", direction: 1 },
};

export const $ = (selector, within = document) => within.querySelector(selector);
/** An element with its text or children. */
export const make = (name, attributes = {}, ...children) => {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
};
/** Sets a text only where it differs: a selection or a screen reader in it is not disturbed. */
export const setText = (element, text) => {
  if (element.textContent !== text) element.textContent = text;
};
export const plural = (count, word, many = `${word}s`) => `${count} ${count === 1 ? word : many}`;

// --- what is shown of times and sizes ---------------------------------------------------------------------------------------

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
export const timeText = (seconds) => clock.format(seconds * 1000);
export const spanText = (seconds) => {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  return whole < 3600 ? `${Math.floor(whole / 60)} min` : `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
};
export const sizeText = (megabytes) => (megabytes < 1000 ? `${Math.round(megabytes)} MB` : `${Number((megabytes / 1024).toFixed(1))} GB`);
export const pairText = (used, total) => `${sizeText(used)} of ${sizeText(total)}`;
/** Seconds since 1970 by the clock of the hub. */
export const now = () => Date.now() / 1000 + view.clockOffset;
export const agoText = (seconds) =>
  now() - seconds < 120
    ? "now"
    : now() - seconds < 86_400
      ? `${spanText(now() - seconds)} ago`
      : new Date(seconds * 1000).toLocaleDateString();

// --- names, which one key hides ------------------------------------------------------------------------------------------------

const numbers = new Map();
export const nameOf = (name) => {
  if (!view.hidesNames) return name;
  if (!numbers.has(name)) numbers.set(name, numbers.size + 1);
  return `Person ${numbers.get(name)}`;
};

/** Whether a server was on a machine that is down: the hub calls it running until Swarm has moved it. */
export const isLost = ({ state, machine }) =>
  state === "running" && view.state.machines.some(({ name, state: each }) => name === machine && each === "down");
/** The class of the style of a state. */
export const lookOf = (person) => (isLost(person) ? "failed" : person.state);
export const stateText = (person) => {
  const since = person.since ? spanText(now() - person.since) : "";
  switch (person.state) {
    case "queued":
      return `Number ${person.place} in the queue, ${since}`;
    case "starting":
      return person.warm ? `Warm start, ${since}` : `Starting, ${since}`;
    case "failed":
      return `Failed at ${timeText(person.since)}`;
    case "running":
      if (isLost(person)) return "Its machine is down";
      if (person.warm) return "Warm, not visited";
      return person.busy ? "Running, kernel busy" : "Running";
    case "stopping":
      return "Stopping";
    case "checking":
      return "The hub looks whether it runs";
    default:
      return "Not here";
  }
};
export const endedText = ({ count, at, before }) =>
  `${count === 1 ? "A kernel or program was" : `${count} kernels or programs were`} ended for memory ${before ? "before" : "at"} ${timeText(at)}`;
/** The sentence below the state, and whether it is bad news. */
export const wordsOf = (person) => {
  if (person.help !== undefined) return [`Asks for help since ${timeText(person.help)}`, true];
  if (isLost(person)) return ["The server starts again on another machine if there is room.", true];
  if (person.state === "running") return person.ended ? [endedText(person.ended), true] : ["", false];
  return [person.say ?? "", person.state === "failed"];
};
export const cpuText = ({ cpu, cores }) => (cpu < 0.05 ? "idle" : `${cpu.toFixed(1)}${cores ? ` of ${cores}` : ""}`);

/** A bar beside its text, so it says nothing to a screen reader. */
export const meter = (used, total) => {
  const bar = make("span", { class: `meter${used > 0.9 * total ? " high" : ""}`, "aria-hidden": "true" }, make("i"));
  bar.firstChild.style.setProperty("--share", Math.min(1, used / total).toFixed(3));
  return bar;
};
