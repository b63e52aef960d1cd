import Handlebars, { type HelperOptions } from "handlebars";
import { quote } from "../text/shell.js";
import { readAsset } from "./assets.js";

/** What a template is given; an undefined anywhere in it is refused, as it would vanish without a word. */
export type Values = Readonly<Record<string, unknown>>;

/** A Handlebars template with its values in. Nothing is escaped: write `{{json x}}` or `{{sh x}}`. Throws where a value is missing. */
export const render = (template: string, values: Values): string => {
  refuseUndefined(values, "");
  const tree = handlebars.parse(template);
  checkPlainValues.accept(tree);
  return handlebars.compile(tree, options)(values);
};

/** The same for a template of ours, such as `templates/exports.hbs`. */
export const renderAsset = (name: string, values: Values): string => {
  try {
    return render(readAsset(name), values);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`${name}: ${why}`, { cause: error });
  }
};

const options: CompileOptions = {
  strict: true,
  noEscape: true,
  knownHelpersOnly: true,
  knownHelpers: { json: true, sh: true, plain: true },
};

// An instance of our own: helpers and partials of others never meet ours.
const handlebars = Handlebars.create();

handlebars.registerHelper({
  // A string's JSON is also a string of Python, JavaScript and YAML; nginx has rules of its own.
  json: (value: unknown, call: Call) => {
    if (value === undefined) throw unfit("json", value, call);
    return JSON.stringify(value);
  },
  sh: (value: unknown, call: Call) => {
    if (typeof value !== "string" && typeof value !== "number") throw unfit("sh", value, call);
    return quote(String(value));
  },
  plain: (value: unknown, call: Call) => {
    if (!["string", "number", "boolean"].includes(typeof value)) throw unfit("", value, call);
    return String(value);
  },
});

// In a strict Handlebars, too, `{{#if mistyped}}` is merely false.
for (const block of ["if", "unless", "each", "with"]) {
  const built = handlebars.helpers[block];
  handlebars.registerHelper(block, function (this: unknown, value: unknown, call: Call) {
    if (value === undefined) throw unfit(`#${block}`, value, call);
    return built?.call(this, value, call) as unknown;
  });
}

type Call = HelperOptions & { loc: { start: { line: number; column: number } } };

const unfit = (helper: string, value: unknown, { loc, hash }: Call): TypeError => {
  const name = typeof hash["name"] === "string" ? hash["name"] : "…";
  const kind = value === undefined ? "nothing" : value === null ? "null" : `one ${typeof value}`;
  const place = `line ${loc.start.line}, column ${loc.start.column + 1}`;
  return new TypeError(`${place}: {{${`${helper} ${name}`.trim()}}} was given ${kind}`);
};

// Even a strict Handlebars writes nothing for null and "[object Object]" for an object: `{{x}}` becomes `{{plain x}}`.
const checkPlainValues = new Handlebars.Visitor();
checkPlainValues.MustacheStatement = (mustache) => {
  const { path, params, hash } = mustache;
  const [value = path] = params;
  if (!isPath(value)) return;
  if (params.length === 0) {
    const plain = { ...value, original: "plain", parts: ["plain"], data: false, depth: 0 };
    mustache.params = [value];
    mustache.path = plain;
  }
  mustache.hash = {
    type: "Hash",
    loc: mustache.loc,
    pairs: [...(hash?.pairs ?? []), nameOf(value)],
  };
};

const isPath = (node: hbs.AST.Node): node is hbs.AST.PathExpression =>
  node.type === "PathExpression";

const nameOf = ({ original, loc }: hbs.AST.PathExpression): hbs.AST.HashPair => {
  const value = { type: "StringLiteral", value: original, loc } as hbs.AST.StringLiteral;
  return { type: "HashPair", key: "name", value, loc };
};

const refuseUndefined = (value: unknown, path: string): void => {
  if (value === undefined) throw new TypeError(`the value ${path} is undefined`);
  if (typeof value !== "object" || value === null) return;
  for (const [key, held] of Object.entries(value))
    refuseUndefined(held, path === "" ? key : `${path}.${key}`);
};
