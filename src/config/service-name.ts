/** Names are file names, tags of log lines and words on a command line, so the alphabet is small. */
const MAX_NAME = 64;

/** Why this is no name for a service, an instance of a template (NAME@x) or a template (NAME@), or null if it is one. */
export function nameFaultOf(name: string): string | null {
  if (name === "") return "the name is empty";
  if (name === "daemonsup") return "this name is taken by the supervisor itself";
  if (name.startsWith("-") || name.startsWith(".")) return 'a name does not begin with "." or "-"';
  if (name.length > MAX_NAME) return `the name has ${name.length} characters, want at most ${MAX_NAME}`;
  if (!/^[A-Za-z0-9._@-]+$/.test(name)) return 'want a name of ASCII letters, digits, ".", "_" and "-"';
  if (name.startsWith("@") || name.indexOf("@") !== name.lastIndexOf("@"))
    return 'a name has at most one "@", between a template and its instance';
  return null;
}
