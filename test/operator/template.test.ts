import { spawnSync } from "node:child_process";
import test from "ava";
import { render, renderAsset } from "../../src/operator/template.js";

const awkward = `it's "x" \\ $HOME \`id\` <&> {{y}} \n\t é \u{1F41D}`;

test("a value is written as it is, and nothing is escaped", (t) => {
  t.is(render("{{a}} {{n}} {{{a}}} {{&a}}", { a: "<&'\">", n: 5 }), "<&'\"> 5 <&'\"> <&'\">");
});

test("json brings any value through", (t) => {
  const value = { text: awkward, list: [1, null, true] };
  t.deepEqual(JSON.parse(render("{{json value}}", { value })), value);
});

test("sh brings any text through a shell", (t) => {
  const { stdout } = spawnSync("sh", ["-s"], {
    input: render("printf %s {{sh a}}", { a: awkward }),
  });
  t.is(stdout.toString(), awkward);
});

test("a value's own braces are not a template", (t) => {
  t.is(render("{{a}}", { a: "{{b}}" }), "{{b}}");
});

test("blocks work as ever", (t) => {
  const template =
    "{{#each all}}{{@index}}{{name}}{{#unless @last}},{{/unless}}{{/each}}{{#if no}}x{{else}}y{{/if}}";
  t.is(render(template, { all: [{ name: "a" }, { name: "b" }], no: null }), "0a,1by");
});

const missing: [string, Record<string, unknown>][] = [
  ["{{a}}", {}],
  ["{{a.b}}", { a: {} }],
  ["{{a.b.c}}", { a: {} }],
  ["{{json a}}", {}],
  ["{{sh a}}", {}],
  ["{{#if a}}x{{/if}}", {}],
  ["{{#unless a}}x{{/unless}}", {}],
  ["{{#each a}}x{{/each}}", {}],
  ["{{#each a}}{{b}}{{/each}}", { a: [{ b: 1 }, {}] }],
  ["{{constructor}}", {}],
  ["{{json __proto__}}", {}],
  ["{{a}}", { a: undefined }],
  ["{{json a}}", { a: { b: undefined } }],
];
for (const [index, [template, values]] of missing.entries())
  test(`a missing value stops ${template} (${index})`, (t) => {
    t.throws(() => render(template, values));
  });

const unfit: [string, unknown][] = [
  ["{{a}}", null],
  ["{{a}}", {}],
  ["{{a}}", [1]],
  ["{{sh a}}", null],
  ["{{sh a}}", true],
  ["{{sh a}}", ["x"]],
  ["{{sh a}}", "a\0b"],
];
for (const [template, a] of unfit)
  test(`${template} takes no ${JSON.stringify(a)}`, (t) => {
    t.throws(() => render(template, { a }));
  });

test("an unknown helper or partial stops", (t) => {
  t.throws(() => render("{{quote a}}", { a: 1 }), { any: true, message: /unknown helper quote/ });
  t.throws(() => render("{{> other}}", {}), { any: true, message: /other/ });
});

test("an error names the place and the value", (t) => {
  t.throws(() => render("x\n  {{json a.b}}", { a: {} }), {
    message: "line 2, column 3: {{json a.b}} was given nothing",
  });
});

test("an error in a template of ours names its file", (t) => {
  t.throws(() => renderAsset("templates/init.yaml.hbs", {}), {
    message: /^templates\/init\.yaml\.hbs: /,
  });
});
