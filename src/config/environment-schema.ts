import * as z from "zod";
import type { EnvironmentFile } from "../core/definition.ts";
import { environmentNameFaultOf } from "./environment-text.ts";
import { flag, MAX_ARGUMENT, path } from "./schema-parts.ts";

/** More entries than these are refused. */
const MAX_ENTRIES = 1024;
const MAX_FILES = 16;

/** A value, or the file that it is read from before each start. */
export type ParsedVariable = string | { readonly file: string };

/** [environment]: names and values; the values are secrets for every message. */
export function environment(): z.ZodType<Record<string, ParsedVariable>, unknown> {
  const want = `a table, like { NODE_ENV = "production" }`;
  const plain = z.string({ error: VALUE }).refine(isValue, {
    error: `a string without NUL characters of at most ${MAX_ARGUMENT} characters`,
  });
  const secret = z.strictObject({ file: path("the path of a file") });
  const value = z.union([plain, secret], { error: VALUE });
  const name = z.string().superRefine((input, context) => {
    const fault = environmentNameFaultOf(input);
    if (fault !== null) context.addIssue({ code: "custom", message: fault });
  });
  return z
    .record(name, value, { error: want })
    .refine((entries) => Object.keys(entries).length <= MAX_ENTRIES, { error: `at most ${MAX_ENTRIES} entries` });
}

/** environment_file: a path, or a list of paths and of { path, optional }. */
export function environmentFiles(): z.ZodType<EnvironmentFile[], unknown> {
  const want = `the path of a file, or a list, like ["/etc/default/api", { path = "local.env", optional = true }]`;
  const one = path("the path of a file").transform((file) => ({ path: file, optional: false }));
  const table = z.strictObject({ path: path("the path of a file"), optional: flag().default(false) });
  const element = z.union([one, table], {
    error: `the path of a file, or a table, like { path = "local.env", optional = true }`,
  });
  const list = z.array(element, { error: want }).max(MAX_FILES, `at most ${MAX_FILES}`);
  return z.union([one.transform((file) => [file]), list], { error: want });
}

const VALUE = `a string, in quotes, or a table, like { file = "/run/secrets/pw" }`;

function isValue(value: string): boolean {
  return value.length <= MAX_ARGUMENT && !value.includes("\0");
}
