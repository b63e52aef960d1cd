import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { copyFile, mkdir, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { waitUntil } from "../../../../src/wait.js";

/** A certificate and its key as PEM. */
type Pair = { certificate: string; key: string };

/** A real OpenLDAP server. */
export type LdapDirectory = {
  base: string;
  /** Starts it with this certificate. */
  start: (pair: Pair) => Promise<void>;
  stop: () => Promise<void>;
  /** Takes somebody out of the group geo-101, while it does not run. */
  leaveGroup: (user: string) => Promise<void>;
};

const base = "dc=example,dc=edu";

const people = `dn: ${base}
objectClass: dcObject
objectClass: organization
o: Example University
dc: example

dn: cn=reader,${base}
objectClass: person
cn: reader
sn: reader
userPassword: reader-password

dn: uid=ada,${base}
objectClass: inetOrgPerson
uid: ada
cn: Ada
sn: L
userPassword: ada-password

dn: cn=Müller\\, Jürgen,${base}
objectClass: inetOrgPerson
uid: JM7
cn: Müller, Jürgen
sn: M
userPassword: Größe 7

dn: uid=bob,${base}
objectClass: inetOrgPerson
uid: bob
cn: Bob
sn: B
userPassword: bob-password

dn: uid=prof,${base}
objectClass: inetOrgPerson
uid: prof
cn: Prof
sn: P
userPassword: prof-password

dn: cn=geo-101,${base}
objectClass: groupOfNames
cn: geo-101
member: uid=ada,${base}
member: cn=Müller\\, Jürgen,${base}
`;

/** Prepares slapd with StartTLS at a port of loopback. Its reader is cn=reader, and only the reader may search. */
export const makeDirectory = async (folder: string, port: number): Promise<LdapDirectory> => {
  // A copy, because Debian's AppArmor profile is for the original.
  const program = join(folder, "slapd");
  await copyFile("/usr/sbin/slapd", program);
  await mkdir(join(folder, "db"));
  const files = {
    "people.ldif": people,
    "slapd.conf": `${["core", "cosine", "inetorgperson"].map((name) => `include /etc/ldap/schema/${name}.schema`).join("\n")}
modulepath /usr/lib/ldap
moduleload back_mdb
TLSCertificateFile ${folder}/cert.pem
TLSCertificateKeyFile ${folder}/key.pem
security simple_bind=128
database mdb
directory ${folder}/db
suffix "${base}"
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact="cn=reader,${base}" read by anonymous auth by * none
`,
  };
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  const configuration = ["-f", join(folder, "slapd.conf")];
  const offline = (tool: string, file: string) =>
    execFileSync(program, ["-T", tool, ...configuration, "-l", join(folder, file)]);
  offline("add", "people.ldif");
  let running: ReturnType<typeof spawn>;
  return {
    base,
    start: async ({ certificate, key }) => {
      await writeFile(join(folder, "cert.pem"), certificate);
      await writeFile(join(folder, "key.pem"), key);
      const url = `ldap://127.0.0.1:${port}`;
      running = spawn(program, ["-d", "0", ...configuration, "-h", url], { stdio: "ignore" });
      await waitUntil(() => isListening(port), {
        deadline: 20_000,
        otherwise: () => new Error("slapd does not listen"),
      });
    },
    stop: async () => {
      running.kill();
      await once(running, "exit");
    },
    leaveGroup: async (user) => {
      const change = `dn: cn=geo-101,${base}
changetype: modify
delete: member
member: uid=${user},${base}
`;
      await writeFile(join(folder, "change.ldif"), change);
      offline("modify", "change.ldif");
    },
  };
};

const isListening = (port: number): Promise<true | undefined> =>
  new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => resolve(true)).once("error", () => resolve(undefined));
    socket.once("connect", () => socket.destroy());
  });
