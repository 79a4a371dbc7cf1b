import * as z from "zod";
import { millis } from "../core/units.ts";
import { keyOf } from "./key-meta.ts";
import { choice, duration, path, text } from "./schema-parts.ts";

/** More paths or hosts than these under one key are refused. */
const MAX_PATHS = 64;
const MAX_HOST = 253;

/** condition: what must hold for the service to be started. */
export function conditionSchema() {
  const files = { live: true, limit: `${MAX_PATHS} paths` };
  return z.strictObject(
    {
      path_exists: keyOf(paths().default([]), {
        ...files,
        description: "Each of these is there",
        example: 'path_exists = ["/etc/api/key.pem"]',
      }),
      path_missing: keyOf(paths().default([]), {
        ...files,
        description: "None of these is there",
        example: 'path_missing = ["/etc/maintenance"]',
      }),
      file_not_empty: keyOf(paths().default([]), {
        ...files,
        description: "Each of these is a regular file that is not empty",
        example: 'file_not_empty = ["/etc/exports"]',
      }),
      directory_not_empty: keyOf(paths().default([]), {
        ...files,
        description: "Each of these is a directory that is not empty",
        example: 'directory_not_empty = ["/var/spool/jobs"]',
      }),
      host: keyOf(hosts().default([]), {
        live: true,
        limit: `${MAX_PATHS} patterns`,
        description: "The host name matches one of these patterns (`*`, `?`, `[a-c]`)",
        example: 'host = ["web*"]',
      }),
    },
    { error: `a table, like { path_exists = ["/etc/api.key"] }` },
  );
}

/** [watch]: what is to be noticed of the file system. */
export function watchSchema() {
  return z.strictObject(
    {
      paths: keyOf(
        paths().refine((list) => list.length > 0, { error: "a path to watch" }),
        {
          description: "Files, and directories with all below them",
          live: true,
          limit: `${MAX_PATHS} paths`,
          example: 'paths = ["src", "config.json"]',
        },
      ),
      debounce: keyOf(duration("1h").default(millis(500)), {
        description: "So long nothing more must have changed before anything is done",
        live: true,
        limit: "1h",
        example: 'debounce = "2s"',
      }),
      action: keyOf(choice(["restart", "reload"]).default("restart"), {
        description: "What a change does; `reload` is what `[reload]` says",
        live: true,
        limit: "2 choices",
        example: 'action = "reload"',
      }),
    },
    { error: `a table, like { paths = ["src"] }` },
  );
}

function paths(): z.ZodType<string[], unknown> {
  return oneOrMore(path("a path"), `a path, or a list, like ["/etc/api.key"]`);
}

function hosts(): z.ZodType<string[], unknown> {
  const host = text("a host name or a pattern", MAX_HOST).refine(hasClosedBrackets, {
    error: `a pattern whose brackets are closed, like "web[1-4]"`,
  });
  return oneOrMore(host, `a host name, or a list, like ["web*"]`);
}

function hasClosedBrackets(pattern: string): boolean {
  return !/[[\]]/.test(pattern.replaceAll(/\[[^\]]+\]/g, ""));
}

function oneOrMore(item: z.ZodType<string, string>, want: string): z.ZodType<string[], unknown> {
  const list = z.array(item, { error: want }).max(MAX_PATHS, `at most ${MAX_PATHS}`);
  return z.union([item.transform((each) => [each]), list], { error: want });
}
