import * as z from "zod";
import { command } from "./command-schema.ts";
import { environment, environmentFiles } from "./environment-schema.ts";
import { keyOf } from "./key-meta.ts";
import { lifeKeys, linkKeys } from "./life-keys.ts";
import { limitsSchema } from "./limits-schema.ts";
import { logSchema } from "./log-schema.ts";
import { reloadSchema, restartSchema, stopSchema } from "./policy-schemas.ts";
import { account, choice, flag, octal, path, text, wholeNumber } from "./schema-parts.ts";

/** What a definition says, key by key. A key stands here only if it works; everything about keys is derived from here. */
export const definitionSchema = z.strictObject({
  description: keyOf(text("a text", 1000).default(""), {
    description: "What the service is, for people",
    live: true,
    limit: "1000 characters",
    example: 'description = "Public API"',
    shared: false,
  }),
  command: keyOf(command(), {
    description: "The program and its arguments",
    live: false,
    limit: "1024 words of 131071 characters",
    example: 'command = ["/usr/local/bin/api", "--port", "8080"]',
    shared: false,
  }),
  runtime: keyOf(choice(["bun"]).optional(), {
    description: "`command[0]` is a script, run by the Bun inside this binary",
    live: false,
    limit: "1 choice",
    initial: "a program is executed",
    example: 'runtime = "bun"',
    shared: false,
  }),
  type: keyOf(choice(["simple", "oneshot", "forking"]).default("simple"), {
    description: "simple stays, oneshot ends, forking makes a daemon of itself",
    live: false,
    limit: "3 choices",
    example: 'type = "oneshot"',
    shared: false,
  }),
  start: keyOf(choice(["auto", "manual"]).default("auto"), {
    description: "Whether it is started with the supervisor",
    live: true,
    limit: "2 choices",
    example: 'start = "manual"',
  }),
  critical: keyOf(flag().default(false), {
    description: "If it ends or fails, the supervisor stops everything and exits",
    live: true,
    limit: "2 choices",
    example: "critical = true",
  }),
  ...linkKeys(),
  user: keyOf(account("user").optional(), {
    description: "The user it runs as",
    live: false,
    limit: "255 characters",
    initial: "that of the supervisor",
    example: 'user = "www-data"',
  }),
  group: keyOf(account("group").optional(), {
    description: "The group it runs as",
    live: false,
    limit: "255 characters",
    initial: "that of the user",
    example: 'group = "www-data"',
  }),
  groups: keyOf(
    z.array(account("group"), { error: `a list, like ["video", "audio"]` }).max(64, "at most 64").optional(),
    {
      description: "Supplementary groups",
      live: false,
      limit: "64 groups",
      initial: "those of the user",
      example: 'groups = ["video", "audio"]',
    },
  ),
  directory: keyOf(path("the path of a directory").default("/"), {
    description: "Where it runs",
    live: false,
    limit: "4095 characters",
    example: 'directory = "/srv/api"',
  }),
  umask: keyOf(octal(0o777, "022").default(0o022), {
    description: "The file mode creation mask",
    live: false,
    limit: "777",
    example: 'umask = "027"',
  }),
  nice: keyOf(wholeNumber(-20, 19).default(0), {
    description: "Its priority, -20 is most favourable; 0 stays that of the supervisor where it may not give that",
    live: false,
    limit: "19",
    example: "nice = 10",
  }),
  oom_score_adjust: keyOf(wholeNumber(-1000, 1000).default(0), {
    description:
      "How readily the kernel kills it when memory is short; 0 stays that of the supervisor where it may not give that",
    live: false,
    limit: "1000",
    example: "oom_score_adjust = -500",
  }),
  no_new_privileges: keyOf(flag().default(false), {
    description: "It can never gain privileges, by setuid programs for example",
    live: false,
    limit: "2 choices",
    example: "no_new_privileges = true",
  }),
  environment: keyOf(environment().default({}), {
    description: "Variables of its environment; one with `file` is a secret that is read before each start",
    live: false,
    limit: "1024 entries of 131071 characters",
    example: 'environment = { NODE_ENV = "production", PASSWORD = { file = "/run/secrets/pw" } }',
  }),
  environment_file: keyOf(environmentFiles().default([]), {
    description: "Files of `KEY=value` lines, read before each start",
    live: false,
    limit: "16 files",
    example: 'environment_file = ["/etc/default/api", { path = "local.env", optional = true }]',
    field: "environmentFiles",
  }),
  pid_file: keyOf(path("the path of a file").optional(), {
    description: "Where a forking service writes its pid",
    live: false,
    limit: "4095 characters",
    initial: "none; a forking service needs one",
    example: 'pid_file = "/run/api.pid"',
    shared: false,
  }),
  ...lifeKeys(),
  restart: keyOf(withDefaults(restartSchema), {
    description: "When it is started again",
    live: true,
    limit: "1 table",
  }),
  stop: keyOf(withDefaults(stopSchema), { description: "How it is ended", live: true, limit: "1 table" }),
  reload: keyOf(withDefaults(reloadSchema), {
    description: "How it reads its configuration again",
    live: true,
    limit: "1 table",
  }),
  limits: keyOf(withDefaults(limitsSchema), { description: "Resource limits", live: false, limit: "1 table" }),
  log: keyOf(withDefaults(logSchema), { description: "Where its output goes", live: true, limit: "1 table" }),
});

/** What the schema makes of a definition: units read, fixed defaults applied. */
export type ParsedDefinition = z.output<typeof definitionSchema>;

/** A table that may be left out; what it then holds is worked out once, not for each definition. */
function withDefaults<Shape extends z.ZodRawShape>(
  schema: z.ZodObject<Shape, z.core.$strict>,
): z.ZodDefault<typeof schema> {
  const defaults = schema.parse({});
  return schema.default(() => defaults as never);
}
