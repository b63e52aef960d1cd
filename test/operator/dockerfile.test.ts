import test from "ava";
import { basesOf, buildKitLine } from "../../src/operator/dockerfile.js";

/** What needs BuildKit below a first line FROM, as "LINE WHAT". */
const found = (...lines: string[]): string => {
  const need = buildKitLine(["FROM debian", ...lines, ""].join("\n"));
  return need === undefined ? "nothing" : `${need.line} ${need.what}`;
};

for (const [line, what] of [
  ["RUN <<EOF", "RUN <<EOF"],
  ["RUN python3 - <<'EOF' >/x", "RUN <<EOF"],
  ["COPY <<-end /x", "COPY <<end"],
  ["run --mount=type=cache,target=/root/.cache pip install x", "RUN --mount"],
  ["RUN --network=none true", "RUN --network"],
  ["RUN --security=insecure true", "RUN --security"],
  ["COPY --chown=1000 --chmod=755 a /a", "COPY --chmod"],
  ["COPY --link a /a", "COPY --link"],
  ["COPY --parents a/b /a", "COPY --parents"],
  ["COPY --exclude=*.txt a /a", "COPY --exclude"],
  ["ADD --checksum=sha256:0 https://example.org/a /a", "ADD --checksum"],
  ["ADD https://github.com/a/b.git#main /b", "ADD of a git repository"],
  ["ADD git@github.com:a/b.git /b", "ADD of a git repository"],
  ["ARG TARGETARCH", "ARG TARGETARCH"],
  ["FROM --platform=$BUILDPLATFORM golang AS build", "FROM with $BUILDPLATFORM"],
  ["FROM base-${TARGETARCH}", "FROM with $TARGETARCH"],
  ["ONBUILD RUN --mount=type=cache,target=/c true", "RUN --mount"],
] as const)
  test(`a line that needs BuildKit is named: ${line}`, (t) => {
    t.is(found("RUN true", line, "x", "EOF"), `3 ${what}`);
  });

for (const line of [
  "RUN python3 -c 'print(1 << 3)'",
  "RUN echo $((1 << 3))",
  "RUN cat <<<word",
  'RUN echo "<<EOF"',
  "# RUN --mount=type=cache true",
  "RUN echo --mount=type=cache",
  "COPY --chown=1000:100 --from=build a /a",
  "FROM --platform=linux/amd64 debian",
  "ARG TARGETARCH=amd64",
  "ADD https://example.org/b.git.tar /b",
  "LABEL text=<<EOF",
])
  test(`the older builder builds this line too: ${line}`, (t) => {
    t.is(found(line), "nothing");
  });

test("the line is the first one of an instruction that has several", (t) => {
  t.is(
    found("RUN true && \\", "# why", "", "  true", "RUN \\", "  --mount=type=cache true"),
    "6 RUN --mount",
  );
  t.is(found("RUN true \\", "  && cat <<EOF", "x", "EOF"), "2 RUN <<EOF");
});

test("a syntax line counts at the top only", (t) => {
  t.deepEqual(buildKitLine("# escape=\\\n# syntax=docker/dockerfile:1\nFROM a\n"), {
    line: 2,
    what: "# syntax=",
  });
  t.is(buildKitLine("FROM a\n# syntax=docker/dockerfile:1\n"), undefined);
  t.is(buildKitLine("# A comment\n# syntax=docker/dockerfile:1\nFROM a\n"), undefined);
});

test("the body of a heredoc is no instruction", (t) => {
  const dockerfile =
    "FROM a\nRUN <<EOF\nfrom os import path\nFROM b\nEOF\nCOPY <<A <<B /\nFROM c\nA\nFROM d\nB\nFROM e AS f\nFROM F\n";
  t.deepEqual(basesOf(dockerfile), ["a", "e"]);
});

test("another escape character is read", (t) => {
  t.deepEqual(basesOf("# escape=`\nFROM a\nRUN dir c:\\\nFROM b `\n  AS c\nFROM c\n"), ["a", "b"]);
});
