import { quote } from "./problem.ts";
import { readTextFile, type FileRead } from "./read-file.ts";

/** A secret may be this long, in characters. */
const MAX_SECRET = 64 * 1024;

export type SecretLoaded =
  | { readonly tag: "loaded"; readonly value: string }
  /** The reason never holds anything of the secret. */
  | { readonly tag: "unusable"; readonly reason: string };

/** Reads the value of an environment variable that stands in a file of its own, less one newline at its end. */
export function loadSecretFile(path: string): SecretLoaded {
  const read = readTextFile(path);
  if (read.tag === "failed") return unusable(path, reasonOf(read));
  const value = read.text.replace(/\n$/, "");
  if (value.length > MAX_SECRET) return unusable(path, `it has more than ${MAX_SECRET} characters`);
  return { tag: "loaded", value };
}

/** What is said of one byte would be said of the secret. */
function reasonOf({ reason }: FileRead & { readonly tag: "failed" }): string {
  return /^(byte|NUL)/.test(reason) ? "it is no text in UTF-8" : reason;
}

function unusable(path: string, reason: string): SecretLoaded {
  return { tag: "unusable", reason: `secret ${quote(path)}: ${reason}` };
}
