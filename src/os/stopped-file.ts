/* The file that names the services that an operator has stopped: JSON, written anew as a whole. */
import { readFileSync } from "node:fs";
import { errorCodeOf } from "./error-code.ts";
import { replaceFile } from "./draft-file.ts";

export type StoppedFileResult =
  | { readonly tag: "read"; readonly services: ReadonlySet<string> }
  | { readonly tag: "missing" }
  /** `message` is a whole sentence. */
  | { readonly tag: "failed"; readonly message: string };

const VERSION = 1;

export function stoppedFileOf(stateDirectory: string): string {
  return `${stateDirectory}/stopped.json`;
}

export function readStoppedFile(path: string): StoppedFileResult {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    const code = errorCodeOf(error);
    return code === "ENOENT" ? { tag: "missing" } : { tag: "failed", message: `cannot read "${path}": ${code}` };
  }
  const services = parseServices(text);
  return services === null
    ? { tag: "failed", message: `cannot read "${path}": it is damaged` }
    : { tag: "read", services };
}

/** Mode 0600. null if it is on the disk, otherwise why not, as a whole sentence. Never rejects. */
export function writeStoppedFile(path: string, services: ReadonlySet<string>): Promise<string | null> {
  return replaceFile(path, `${JSON.stringify({ version: VERSION, services: [...services].sort() })}\n`);
}

function parseServices(text: string): ReadonlySet<string> | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof value !== "object" || value === null) return null;
  const { version, services } = value as { readonly version?: unknown; readonly services?: unknown };
  if (version !== VERSION || !Array.isArray(services)) return null;
  return services.every((name) => typeof name === "string") ? new Set(services) : null;
}
