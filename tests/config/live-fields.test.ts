import { expect, test } from "bun:test";
import type * as z from "zod";
import { definitionSchema } from "../../src/config/definition-schema.ts";
import { metaOf, tableShapeOf } from "../../src/config/key-meta.ts";
import { liveFields } from "../../src/config/live-fields.ts";
import { differenceOf, type DefinitionDifference } from "../../src/core/definition-difference.ts";
import { definitionOf, lines } from "./load-texts.ts";

const LIVE = new Set(liveFields());
const base = definitionOf("web.toml", 'command = "true"\n');

function differenceTo(...text: string[]): DefinitionDifference {
  const changed = definitionOf("web.toml", lines(...text));
  return differenceOf(base, { ...changed, source: base.source }, LIVE);
}

test("the same definition, written otherwise, is the same", () => {
  expect(differenceTo('command = ["true"]', 'type = "simple"', 'stop = { timeout = "10s" }', "nice = 0")).toBe("same");
});

const LIVE_CHANGES = [
  'description = "new"',
  'start = "manual"',
  "critical = true",
  'restart.policy = "never"',
  'restart.limit = { count = 3, within = "1m" }',
  "restart.success = [0, 1]",
  'stop.timeout = "1s"',
  'stop.command = ["x"]',
  'reload.action = "none"',
  'reload.signal = "SIGHUP"',
  'reload = { action = "command", command = "x" }',
  'log.to = ["syslog"]',
  'log.file = "/tmp/x.log"',
  'health.tcp = "127.0.0.1:80"',
  'hooks.before_start = "x"',
  'condition.path_exists = "/x"',
  'watch.paths = "/x"',
];
for (const change of LIVE_CHANGES) {
  test(`${change} is taken over while the service runs`, () =>
    expect(differenceTo('command = "true"', change)).toBe("live"));
}

const RESTARTS = [
  'user = "root"',
  'directory = "/tmp"',
  'umask = "077"',
  "nice = 1",
  "oom_score_adjust = 1",
  "no_new_privileges = true",
  'environment = { A = "1" }',
  'environment_file = ["/dev/null"]',
  "limits.nofile = 5",
  "limits.core = { soft = 0, hard = 5 }",
  'type = "oneshot"',
  "groups = []",
  'ready.tcp = "127.0.0.1:80"',
  'sockets.x.listen = ":80"',
  'notify_access = "all"',
  "fd_store = 1",
  'environment.A = { file = "/dev/null" }',
  // A process without NOTIFY_SOCKET cannot say that it is well.
  'watchdog.timeout = "1s"',
];
for (const change of RESTARTS) {
  test(`${change} takes a restart`, () =>
    expect(differenceTo('command = "true"', "log.keep = 1", change)).toBe("restart"));
}

test("links and a schedule are taken over while the service runs", () => {
  const job = definitionOf("web.toml", lines('command = "true"', 'type = "oneshot"'));
  const other = definitionOf("web.toml", lines('command = "true"', 'type = "oneshot"', 'schedule.every = "1h"'));
  const links = {
    requires: [{ name: "a", restartWith: false }],
    wants: ["b"],
    after: ["c"],
    before: ["d"],
    conflicts: ["e"],
  };
  expect(differenceOf(job, { ...other, ...links, source: job.source }, LIVE)).toBe("live");
});

test("another command takes a restart", () => expect(differenceTo('command = "false"')).toBe("restart"));

test("every field that is said to be live is a field of a definition", () => {
  for (const field of LIVE) expect(Object.keys(base)).toContain(field);
});

test("a table is live as a whole or not at all", () => {
  const check = (path: string, schema: z.core.$ZodType): void => {
    for (const [key, inner] of Object.entries(tableShapeOf(schema) ?? {})) {
      expect([path, key, metaOf(inner).live]).toEqual([path, key, metaOf(schema).live]);
      check(`${path}.${key}`, inner);
    }
  };
  for (const [key, schema] of Object.entries(definitionSchema.shape)) check(key, schema);
});
