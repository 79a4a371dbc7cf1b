import * as z from "zod";
import { SYSLOG_SEVERITIES, type SyslogSeverity } from "../core/log-policy.ts";
import { builtLate, keyOf } from "./key-meta.ts";
import { sinkNames, sinksSchema } from "./log-schema.ts";
import { facility } from "./sink-keys.ts";
import { rotationKeys } from "./rotation-keys.ts";
import { millis } from "../core/units.ts";
import { account, choice, duration, size, wholeNumber } from "./schema-parts.ts";
import { tcpSchema } from "./tcp-schema.ts";

const level = (): z.ZodType<SyslogSeverity, SyslogSeverity> => choice(SYSLOG_SEVERITIES);
const table = { error: "a table" };
const choices = `${SYSLOG_SEVERITIES.length} choices`;

const daemon = z.strictObject(
  {
    user: keyOf(account("user").nullable().default(null), {
      description: "The user that the supervisor itself becomes",
      live: false,
      limit: "255 characters",
      initial: "it stays what it is",
      example: 'user = "daemonsup"',
    }),
    group: keyOf(account("group").nullable().default(null), {
      description: "The group that it becomes",
      live: false,
      limit: "255 characters",
      initial: "that of the user",
      example: 'group = "daemonsup"',
    }),
  },
  table,
);

const syslog = z.strictObject(
  {
    facility: keyOf(facility().default("daemon"), {
      description: "The facility of its own messages",
      live: true,
      limit: "18 choices",
      example: 'facility = "local0"',
    }),
    level: keyOf(level().default("info"), {
      description: "Less severe messages are left out",
      live: true,
      limit: choices,
      example: 'level = "notice"',
    }),
  },
  table,
);

const control = z.strictObject(
  {
    group: keyOf(account("group").nullable().default(null), {
      description: "Its members may use the control socket, `control.sock`: they may do everything",
      live: false,
      limit: "255 characters",
      initial: "its owner alone",
      example: 'group = "wheel"',
    }),
    status_group: keyOf(account("group").nullable().default(null), {
      description: "Its members may look, at logs as well, through a socket of their own, `status.sock`",
      live: false,
      limit: "255 characters",
      initial: "there is no such socket",
      example: 'status_group = "adm"',
    }),
    tcp: keyOf(tcpSchema.nullable().default(null), {
      description: "A door to the network for those who know a token",
      live: false,
      limit: "1 table",
      initial: "there is none",
    }),
  },
  table,
);

const log = z.strictObject(
  {
    level: keyOf(level().default("info"), {
      description: "Less severe messages are left out",
      live: true,
      limit: choices,
      example: 'level = "debug"',
    }),
    to: keyOf(sinkNames().default(["file"]), {
      description:
        "Where it goes: always to `file`, and to the sinks named beside, a service (`service:NAME`) or a server below `[log.sinks]`. Syslog has `[syslog]`",
      live: true,
      limit: "16 sinks",
      example: 'to = ["file", "service:collector"]',
    }),
    sinks: keyOf(builtLate(sinksSchema).default({}), {
      description: "Further sinks, by name, as in a definition; of types `remote` and `service`",
      live: true,
      limit: "16 sinks",
      example: 'sinks = { central = { type = "remote", address = "tls://logs.example.com" } }',
    }),
    ...rotationKeys(),
  },
  table,
);

const history = z.strictObject(
  {
    keep: keyOf(wholeNumber(0, 100_000).default(200), {
      description: "Runs of each service that are kept, and as many other entries; 0: there is no history",
      live: true,
      limit: "100000",
      example: "keep = 1000",
    }),
    keep_age: keyOf(duration("3650d", "1s").default(millis(90 * 86_400_000)), {
      description: "What is older is removed",
      live: true,
      limit: "3650d",
      initial: "90d",
      example: 'keep_age = "30d"',
    }),
    keep_size: keyOf(size("1MiB", "16GiB").default(64 * 1024 * 1024), {
      description: "What its file may take; the oldest makes room",
      live: true,
      limit: "16GiB",
      example: 'keep_size = "16MiB"',
    }),
    lines: keyOf(wholeNumber(0, 1000).default(50), {
      description: "The last lines of output in the report of a crash",
      live: true,
      limit: "1000",
      example: "lines = 200",
    }),
  },
  table,
);

/** daemonsup.toml. What [defaults] may hold is judged by the schema of definitions. */
export const settingsSchema = z.strictObject({
  daemon: keyOf(daemon.prefault({}), { description: "The supervisor's own user", live: false, limit: "1 table" }),
  syslog: keyOf(syslog.prefault({}), { description: "Its messages to syslog", live: true, limit: "1 table" }),
  control: keyOf(control.prefault({}), { description: "Who may talk to it", live: false, limit: "1 table" }),
  log: keyOf(log.prefault({}), { description: "Its own log file", live: true, limit: "1 table" }),
  history: keyOf(history.prefault({}), {
    description: "What is kept of the past: runs and reports of crashes",
    live: true,
    limit: "1 table",
  }),
  defaults: keyOf(z.unknown().optional(), {
    description: "Keys of definitions that do not say otherwise",
    live: true,
    limit: "1 table",
  }),
});
