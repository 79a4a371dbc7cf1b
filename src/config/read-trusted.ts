import type { Stats } from "node:fs";
import type { LoadRequest } from "./load-request.ts";
import { quote, type Problem } from "./problem.ts";
import { readTextFile, type FileRead } from "./read-file.ts";
import { distrustOf } from "./trust.ts";

export type Trusted =
  | { readonly tag: "text"; readonly text: string; readonly path: string; readonly stat: Stats }
  | { readonly tag: "problem"; readonly problem: Problem };

/** Reads a file of the definitions' directory, if it can be believed. */
export function readTrusted(fileName: string, request: LoadRequest, isLink: boolean): Trusted {
  const file = displayOf(fileName, request);
  const path = `${request.directory}/${fileName}`;
  const read = readTextFile(path);
  const distrust = read.tag === "read" ? distrustOf(read.stat, request) : null;
  if (read.tag === "read" && distrust === null) return { tag: "text", text: read.text, path, stat: read.stat };
  const { line, column } = read.tag === "failed" ? read : { line: 1, column: 1 };
  const message = `cannot read ${quote(fileName)}: ${read.tag === "failed" ? unreadableReasonOf(read, isLink) : distrust}`;
  return { tag: "problem", problem: { file, line, column, message, excerpt: null, suggestion: null } };
}

/** A file as messages name it. */
export function displayOf(fileName: string, { displayAs }: LoadRequest): string {
  return `${displayAs.replace(/\/+$/, "")}/${fileName}`;
}

function unreadableReasonOf({ errno, reason }: FileRead & { readonly tag: "failed" }, isLink: boolean): string {
  if (errno === "ENOENT")
    return isLink ? "it is a symbolic link to nothing" : "it vanished while the directory was read";
  return reason;
}
