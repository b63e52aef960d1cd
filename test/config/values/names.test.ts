import test from "ava";
import {
  classNameFrom,
  classNameNear,
  deviceFrom,
  domainFrom,
  userFrom,
} from "../../../src/config/values/names.js";
import { accepts, adviceAbout } from "../support/accepts.js";

accepts("a class name", classNameFrom, {
  good: ["a", "geo-101", "0", "a".repeat(40)],
  bad: ["", "Geo", "a b", "-a", "a-", "ä", "a_b", "a".repeat(41), "a\n"],
});

accepts("a domain", domainFrom, {
  good: ["example.org", "a.b.c.example.org", "xn--gewsser-9wa.de", "a1.example.museum"],
  bad: [
    ..."localhost Example.org 10.0.0.5 ::1 gewässer.de a_b.org example.1 *.example.org".split(" "),
    ..."https://example.org example.org/ example.org:443 -a.org a-.org a..org example.org.".split(
      " ",
    ),
    "",
    `${"a".repeat(64)}.org`,
    `${"a.".repeat(130)}org`,
    "example.org\n",
  ],
});

accepts("a user", userFrom, {
  good: ["ada", "ada.lovelace", "a@example.org", "u_1", "0x", "a+b"],
  bad: ["", "Ada", "a b", "a/b", "../x", ".a", "-a", "ä", "a".repeat(65), "a\n"],
});

accepts("a device", deviceFrom, {
  good: [
    ..."/dev/vdb /dev/nvme0n1 /dev/mapper/vg-homes".split(" "),
    "/dev/disk/by-id/scsi-0QEMU_QEMU_HARDDISK_drive-1:0",
  ],
  bad: [
    ..."vdb /dev /dev/ /dev//vdb /dev/../etc/passwd /dev/. /dev/vdb;x /dev/vdb/ /dev/$x /srv/x".split(
      " ",
    ),
    "",
    "/dev/a b",
    "/dev/vdb\n",
  ],
});

test("the advice about a near miss is the corrected value", (t) => {
  t.regex(adviceAbout(deviceFrom, "vdb"), /; did you mean "\/dev\/vdb"\?$/);
  t.regex(adviceAbout(userFrom, "Ada"), /; did you mean "ada"\?$/);
  t.is(classNameNear("Größe & Zahl 1"), "gr-e-zahl-1");
  t.is(classNameNear("…"), "class");
});

test("the nearest class name is always a class name", (t) => {
  for (const text of ["a".repeat(99), "-".repeat(99), `${"a".repeat(39)} b`, "", "Ä", "--a--"])
    t.notThrows(() => classNameFrom(classNameNear(text)), text);
});
