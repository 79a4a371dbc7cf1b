/* What a program found when it began, as tests/programs/surroundings.c writes it down. */
import { chmodSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { compileProgram } from "../compile-program.ts";
import { program } from "./definitions.ts";
import { type TestPlace, untilTrue } from "./test-supervisor.ts";

export const surroundings: string | null = compileProgram("surroundings");

export interface Surroundings {
  /** Everything but descriptors and environment, by the first word of its line, or two for limits: "umask" -> "022". */
  readonly facts: ReadonlyMap<string, string>;
  readonly descriptors: ReadonlyMap<number, string>;
  readonly environment: Readonly<Record<string, string>>;
}

/** Where services of any user may write. */
export function makeOpenDirectory(place: TestPlace): string {
  const path = place.path("open");
  chmodSync(place.directory, 0o755);
  mkdirSync(path);
  chmodSync(path, 0o777);
  return path;
}

/** A service that writes down what it finds; `more` is TOML that follows. */
export function telling(place: TestPlace, service: string, more = ""): string {
  return program([surroundings ?? "", place.path("open", service)], more);
}

/** Waits until the service has written everything down. */
export async function surroundingsOf(place: TestPlace, service: string): Promise<Surroundings> {
  const path = place.path("open", service);
  const text = (): string => (existsSync(path) ? readFileSync(path, "utf8") : "");
  await untilTrue(() => text().endsWith("\nend\n"));
  return parse(text());
}

function parse(text: string): Surroundings {
  const facts = new Map<string, string>();
  const descriptors = new Map<number, string>();
  const environment: Record<string, string> = {};
  for (const line of text.trimEnd().split("\n")) {
    const [key = "", first = ""] = line.split(/[:\s]+/);
    const rest = line.slice(key.length).replace(/^[:\s]+/, "");
    if (key === "env") environment[rest.slice(0, rest.indexOf("="))] = rest.slice(rest.indexOf("=") + 1);
    else if (key === "fd") descriptors.set(Number(first), rest.slice(first.length + 1));
    else if (key === "limit") facts.set(`limit ${first}`, rest.slice(first.length + 1));
    else facts.set(key, rest);
  }
  return { facts, descriptors, environment };
}
