/* daemonsup.toml(5), out of the schema that checks the files. */
import type { DocumentedKey } from "../config/documented-keys.ts";
import { bold, entry, heading, pageHead, paragraphs, roffLine, subheading } from "./roff.ts";

/** What is known of the keys; loaded by whoever asks for the page, as schemas cost more than all the rest of the program. */
export type KeyReference = typeof import("../config/documented-keys.ts");

const ABOUT = `A directory of definitions holds one file for each service: \`NAME.toml\`, \`.yaml\`, \`.yml\` or \`.json\`, where
NAME is the name of the service. \`NAME@.toml\` is a template for instances \`NAME@1\`, \`NAME@2\` and so on. The file
\`daemonsup.toml\` beside them holds the settings of the supervisor itself, and below \`[defaults]\` what holds for every service
that says nothing itself.

Durations are written 250ms, 10s, 5m, 2h or 1d, sizes 64KiB or 10MiB. Relative paths are relative to the directory. In every
value \`\${NAME}\` is a variable of the service's environment tables and files, \`\${NAME:-text}\` the same with what holds without
it, and \`$$\` a dollar sign.

A key that nobody knows is an error, as is everything else that is wrong: \`daemonsup check\` tells all of it, with file, line
and column. When a key has changed, a reload restarts the service, unless the key is live: then it is taken over while the
service runs.`;

const EXAMPLE = `description = "Public API"
command = ["/usr/local/bin/api", "--port", "8080"]
user = "www-data"
requires = ["db"]

[ready]
http = "http://127.0.0.1:8080/healthz"

[restart]
delay = "1s"`;

/** The page as text. */
export function renderFormatManual(version: string, reference: KeyReference): string {
  const summary = "definitions of services, and settings of their supervisor";
  const lines = [
    ...pageHead({ name: "daemonsup.toml", section: 5, summary, source: `daemonsup ${version}` }),
    ...heading("DESCRIPTION"),
    ...paragraphs(ABOUT),
    ...heading("EXAMPLE"),
    ".nf",
    ...EXAMPLE.split("\n").map(roffLine),
    ".fi",
    ...heading("KEYS OF A DEFINITION"),
    ...tables(reference.definitionKeys(), reference),
    ...heading("KEYS OF DAEMONSUP.TOML"),
    ...tables(reference.settingsKeys(), reference),
    ...heading("SEE ALSO"),
    roffLine("daemonsup(1)"),
  ];
  return `${lines.join("\n")}\n`;
}

function tables(keys: readonly DocumentedKey[], reference: KeyReference): readonly string[] {
  return [...Map.groupBy(keys, ({ table }) => table)].flatMap(([table, rows]) => [
    ...(table === "" ? [] : [...subheading(`[${table}]`), ".PP", roffLine(`${reference.tableDescriptionOf(table)}.`)]),
    ...rows.flatMap((row) => keyEntry(row, reference)),
  ]);
}

function keyEntry(documented: DocumentedKey, reference: KeyReference): readonly string[] {
  const { key, schema, facts } = documented;
  const choices = reference.choicesOf(schema)?.map((choice) => JSON.stringify(choice));
  const sentences = [
    `${facts.description}.`,
    initialSentence(documented, reference),
    choices === undefined ? `At most ${facts.limit}.` : `One of ${choices.join(", ")}.`,
    facts.live ? "Live." : "",
  ];
  const example = facts.example === undefined ? [] : [".RS", ".PP", bold(facts.example), ".RE"];
  return [...entry(key, sentences.filter((sentence) => sentence !== "").join("\n")), ...example];
}

function initialSentence(documented: DocumentedKey, reference: KeyReference): string {
  const initial = reference.initialOf(documented);
  switch (initial.tag) {
    case "value":
      return `Without it: ${JSON.stringify(initial.value)}.`;
    case "words":
      return `Without it: ${initial.words}.`;
    case "none":
      return "";
    case "required":
      return "It must be there.";
  }
}
