import test from "ava";
import { imageFrom, mirrorFrom, repositoryFrom } from "../../../src/config/values/image.js";
import { accepts, adviceAbout } from "../support/accepts.js";

const digest = `sha256:${"0".repeat(64)}`;

accepts("an image", imageFrom, {
  good: [
    ..."debian debian:trixie-slim quay.io/jupyter/scipy-notebook:2026-11-02".split(" "),
    ..."localhost/x localhost:5000/x registry:5000/a/b:c 10.77.0.1:5000/a__b/c-d.e a---b".split(
      " ",
    ),
    `a/b@${digest}`,
    `a/b:1@${digest}`,
  ],
  bad: [
    ..."Debian a: a:-x a@sha256:12 a@b@c https://quay.io/x /a a/ a//b a:b:c -a a___b $(id)".split(
      " ",
    ),

    "",
    "a b",
    "a\n",
    `a:${"b".repeat(129)}`,
    "a".repeat(300),
    "a".repeat(501),
    `${"a-".repeat(240)}!`,
  ],
});

accepts("a mirror", mirrorFrom, {
  good: ["https://mirror.example.org", "http://10.77.0.1:5000", "http://10.77.0.1:5000/"],
  bad: [
    ..."mirror.example.org ftp://x https://a:b@x https://x/path https://x?y https:// https://x:99999".split(
      " ",
    ),
    "",
    "https://x y",
    'https://x"y',
    "https://x\n",
  ],
});

test("the advice about a mirror with a path is the address without it", (t) => {
  t.regex(adviceAbout(mirrorFrom, "https://x.org/v2"), /; did you mean "https:\/\/x\.org"\?$/);
});

accepts("a registry with a path", repositoryFrom, {
  good: ["quay.io/courses", "docker.io/swarmhub", "localhost:5000/a/b", "10.77.0.1:5000/x"],
  bad: [
    "https://quay.io/x",
    "quay.io/x:1",
    "Quay/X",
    "x@sha256:1",
    "",
    "a b",
    "/x",
    "x/",
    "$(id)/x",
  ],
});
