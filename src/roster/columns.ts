import { UserError, exitCode, shown } from "../errors.js";
import type { Place } from "../errors.js";
import { nearest } from "../text/nearest.js";
import type { Row } from "./table.js";

/** The columns that a roster is read from, as indexes of cells. */
export type Columns = {
  /** The column of user names; of an e-mail address the name is the part before the @. */
  user: number;
  isAddress: boolean;
  /** The columns whose cells make the name of a person, in their order. */
  shown: number[];
  group: number | undefined;
};

/** The columns that swarmhub.yaml names. */
export type NamedColumns = { userName?: string; group?: string };

// As Moodle, Canvas, Stud.IP, ILIAS, Google Classroom and spreadsheets write them, without spaces and hyphens.
const headers = {
  user: `username loginname login userid sisloginid loginid account netid uid
    benutzername anmeldename nutzername nutzernamen kennung benutzerkennung kürzel
    nomdutilisateur identifiant nombredeusuario usuario nomedeusuário nomedeutilizador nomeutente
    gebruikersnaam användarnamn brukernavn brugernavn käyttäjätunnus nazwaużytkownika`,
  address: `emailaddress email mail emailadresse adressedecourriel courriel adresseemail adresseélectronique
    direccióndecorreo correoelectrónico correo indirizzoemail endereçodeemail emailadres epost epostadress
    epostadresse sähköposti adresemail`,
  whole: `fullname name displayname student studentname participant vollständigername teilnehmer
    nomcomplet nombrecompleto nomecompleto nomecognome volledigenaam`,
  first: `firstname givenname forename vorname prénom nombre nome voornaam förnamn fornavn etunimi imię`,
  last: `lastname surname familyname nachname familienname nom nomdefamille apellidos apellido apelido
    sobrenome cognome achternaam efternamn etternavn efternavn sukunimi nazwisko`,
  group: `group groups section sections gruppe gruppen groupe groupes grupo grupos gruppo gruppi groep
    grupp ryhmä grupa`,
} as const;

/** Finds the columns by the header. Throws a UserError (usage) with the headers that were found if there is no user name. */
export const columnsOf = (header: Row, named: NamedColumns, place: Place): Columns => {
  const plain = header.cells.map(plainHeader);
  const find = (kind: keyof typeof headers): number | undefined =>
    headers[kind]
      .split(/\s+/)
      .map((each) => plain.indexOf(plainHeader(each)))
      .find((index) => index >= 0);
  const chosen = (key: string, wanted: string | undefined): number | undefined =>
    wanted === undefined ? undefined : namedColumn(header, plain, key, wanted, place);
  const byName = chosen("user-name", named.userName) ?? find("user");
  const address = byName === undefined ? find("address") : undefined;
  const user = byName ?? address;
  if (user === undefined) throw noUserName(header, place);
  const [first, last] = [find("first"), find("last")];
  const parts = [first, last].flatMap((index) => index ?? []);
  // "Nom" and "Nombre" alone are a whole name.
  const whole = find("whole");
  const names = parts.length === 2 || whole === undefined ? parts : [whole];
  return {
    user,
    isAddress: address !== undefined,
    shown: names.filter((index) => index !== user),
    group: chosen("group", named.group) ?? find("group"),
  };
};

const plainHeader = (text: string): string =>
  text
    .normalize("NFKC")
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]/gu, "");

const namedColumn = (
  { cells }: Row,
  plain: readonly string[],
  key: string,
  wanted: string,
  place: Place,
): number => {
  const index = cells.findIndex((cell) => cell.trim() === wanted.trim());
  const found = index >= 0 ? index : plain.indexOf(plainHeader(wanted));
  if (found >= 0) return found;
  const near = nearest(
    wanted,
    cells.filter((cell) => cell.length <= 60),
  );
  const advice = near === undefined ? "." : `; did you mean ${shown(near)}?`;
  throw usage(
    `the file has no column ${shown(wanted)}${advice} ${columnsText(cells)}`,
    `write the right column behind ${key}: of login.roster in swarmhub.yaml`,
    place,
  );
};

const noUserName = ({ cells }: Row, place: Place): UserError =>
  usage(
    `the file has no column that is known to hold user names or e-mail addresses. ${columnsText(cells)}`,
    `name the column in swarmhub.yaml: login: {roster: {file: ${place.file}, user-name: ${exampleOf(cells)}}}, or write "username" above it in the file; to try a column, type: swarmhub roster check ${place.file} --user-name ${exampleOf(cells)}`,
    place,
  );

const columnsText = (cells: readonly string[]): string => {
  const more = cells.length > 20 ? `, and ${cells.length - 20} more` : "";
  return `Its columns are ${cells
    .slice(0, 20)
    .map((cell) => shown(cell.trim()))
    .join(", ")}${more}`;
};

const exampleOf = (cells: readonly string[]): string => {
  const cell = cells.find((each) => /^[\w ]{1,40}$/.test(each.trim()));
  return cell?.trim() ?? "COLUMN";
};

const usage = (reason: string, hint: string, place: Place): UserError =>
  new UserError(reason, { hint, place, code: exitCode.usage });
