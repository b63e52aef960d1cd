import { setTimeout as later } from "node:timers";
import { setTimeout as pause } from "node:timers/promises";
import test from "ava";
import { FakeElement, document, elementAt, fire, load, page } from "./support/page.js";

type Plugin = { activate: (app: { started: unknown; restored: unknown }) => void };
type Extension = { get: () => Promise<() => { default: Plugin }> };

test("a screen reader says an announcement, because its box is there before its text", async (t) => {
  const seen: string[] = [];
  const body = Object.assign(new FakeElement(), {
    append: (box: FakeElement) => seen.push(`${box.attributes["role"]} ${box.children.length}`),
  });
  const config = { textContent: JSON.stringify({ hubPrefix: "/hub/" }) };
  Object.assign(document, {
    body,
    getElementById: (id: string) => (id === "jupyter-config-data" ? config : null),
  });
  const window: { _JUPYTERLAB?: Record<string, Extension> } = {};
  Object.assign(globalThis, { window, sessionStorage: { getItem: () => null, setItem: () => {} } });
  // It looks again and again.
  Object.assign(globalThis, {
    setTimeout: (work: () => void, milliseconds: number) => later(work, milliseconds).unref(),
  });
  page.answer = () => ({ ok: true, body: { id: "1", text: "Break until 11:30" } });
  await load("../../../labextension/class.js");
  const plugin = (await window._JUPYTERLAB?.["swarmhub-class"]?.get())?.().default;
  plugin?.activate({ started: undefined, restored: undefined });
  await fire(elementAt("none"), new Event("none"));
  t.deepEqual(seen, ["status 0"]);
  await pause(300);
  const [box] = document.made.filter(({ attributes }) => attributes["role"] === "status");
  t.is(box?.children.at(-1)?.textContent, "Break until 11:30");
});
