import test from "ava";
import { addressFrom, destinationFrom, machineOf } from "../../../src/config/values/destination.js";
import { accepts, adviceAbout } from "../support/accepts.js";

accepts("a destination", destinationFrom, {
  good: [
    ..."local host debian@203.0.113.10 ada@uni@host.example.org class_1 a-b.c".split(" "),
    ..."ssh://debian@host:2222 ssh://host ssh://host/".split(" "),
    "debian@2001:db8::1",
  ],
  bad: [
    ..."-oProxyCommand=x a;b $(id) `id` a'b a\"b a|b a&b * a,b ~".split(" "),
    "",
    " ",
    "a b",
    "a\tb",
    "a\nb",
    "a\0b",
    "ä",
    "a".repeat(300),
    ..."debian@ @host debian@-x -x@host host- host:22 10.0.0.300 10.0.0".split(" "),
    ..."ssh://debian@[2001:db8::1]:22 ssh://[::1] debian@[2001:db8::1]".split(" "),
    ..."ssh:// ssh://host:0 ssh://host:99999 ssh://host/path ssh://-x".split(" "),
  ],
});

accepts("an address", addressFrom, {
  good: ["10.0.0.5", "203.0.113.10"],
  bad: [
    ..."10.0.0 10.0.0.256 010.0.0.1 ::1 10.0.0.5/24 host".split(" "),
    ..."127.0.0.1 0.0.0.0 224.0.0.1 255.255.255.255".split(" "),
    "",
    " 10.0.0.5",
  ],
});

test("a port is corrected to the form of ssh", (t) => {
  t.regex(
    adviceAbout(destinationFrom, "ada@host:2222"),
    /; did you mean "ssh:\/\/ada@host:2222"\?$/,
  );
});

test("destinations with different users are the same machine", (t) => {
  const destinations = ["host", "HOST", "ada@host", "ssh://host", "ssh://bob@host:22"];
  t.deepEqual(new Set(destinations.map(machineOf)), new Set(["host:22"]));
  t.deepEqual(new Set(["local", "localhost", "ada@127.0.0.1"].map(machineOf)).size, 1);
  t.not(machineOf("ssh://localhost:2222"), machineOf("local"));
  t.not(machineOf("ssh://host:2222"), machineOf("host"));
});
