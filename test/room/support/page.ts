import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

/** As much of an element as the scripts of the page of the room use; each selector has one. */
export class FakeElement extends EventTarget {
  [key: string]: unknown;
  value = "";
  textContent = "";
  returnValue = "";
  hidden = false;
  disabled = false;
  open = false;
  isConnected = true;
  resets = 0;
  dataset: Record<string, string> = {};
  attributes: Record<string, string> = {};
  files: File[] = [];
  classList = { contains: () => false };

  children: FakeElement[] = [];
  append(...more: FakeElement[]): void {
    this.children.push(...more);
  }
  remove(): void {}
  replaceChildren(): void {}
  contains(): boolean {
    return false;
  }
  closest(): null {
    return null;
  }
  focus(): void {}
  setAttribute(name: string, value: string): void {
    this.attributes[name] = value;
  }
  querySelector(selector: string): FakeElement {
    return elementAt(selector);
  }
  showModal(): void {
    this.open = true;
  }
  close(): void {
    this.open = false;
  }
  reset(): void {
    this.resets += 1;
  }
}

const elements = new Map<string, FakeElement>();

/** The element of a selector. */
export const elementAt = (selector: string): FakeElement => {
  const found = elements.get(selector) ?? new FakeElement();
  elements.set(selector, found);
  return found;
};

/** The stream of the page. */
export class FakeStream extends EventTarget {
  static readonly CLOSED = 2;
  static opened: FakeStream[] = [];
  readyState = 1;
  constructor() {
    super();
    FakeStream.opened.push(this);
  }
  close(): void {
    this.readyState = FakeStream.CLOSED;
  }
}

/** What the page does each second; the time of the page in milliseconds; and what the hub answers. */
export const page = {
  everySecond: () => {},
  now: 0,
  answer: (_address: string, _body: string): { ok: boolean; body: unknown } => ({
    ok: true,
    body: {},
  }),
};

/** The page, in the place of a browser's. */
export const document = Object.assign(new FakeElement(), {
  hidden: false,
  documentElement: { dataset: { xsrf: "token", class: "geo-101" } },
  made: [] as FakeElement[],
  createElement: () => {
    const element = new FakeElement();
    document.made.push(element);
    return element;
  },
  createElementNS: () => new FakeElement(),
  querySelectorAll: () => [],
});

Object.assign(globalThis, {
  document,
  localStorage: { getItem: () => null, setItem: () => {} },
  EventSource: FakeStream,
  setInterval: (work: () => void) => {
    page.everySecond = work;
  },
  fetch: async (address: string, options: { body?: Blob | string } = {}) => {
    const { ok, body } = page.answer(address, await new Response(options.body ?? "").text());
    return { ok, json: async () => body };
  },
});
Date.now = () => page.now;

/** Runs a script of the page. */
export const load = async (name: string): Promise<void> => {
  await import(pathToFileURL(resolve("hub/swarmhub/room/page", name)).href);
};

/** Lets an element have an event, and waits for what that does. */
export const fire = async (element: EventTarget, event: Event): Promise<void> => {
  element.dispatchEvent(event);
  for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate);
};
