import * as z from "zod";
import { SYSLOG_FACILITIES, type SyslogFacility } from "../core/definition.ts";
import { keyOf } from "./key-meta.ts";
import { rotationKeys } from "./rotation-keys.ts";
import { choice, path } from "./schema-parts.ts";

const FACILITIES = Object.keys(SYSLOG_FACILITIES) as [SyslogFacility, ...SyslogFacility[]];

export function facility(): z.ZodType<SyslogFacility, SyslogFacility> {
  return choice(FACILITIES);
}

/** [log]: where its output goes. */
export const logSchema = z.strictObject(
  {
    to: keyOf(
      z
        .array(choice(["file", "syslog"]), { error: `a list, like ["file", "syslog"]` })
        .max(2, "at most 2")
        .default(["file"]),
      {
        description: "Where its output goes; an empty list keeps only the last lines, in memory",
        live: true,
        limit: "2 sinks",
        example: 'to = ["file", "syslog"]',
      },
    ),
    format: keyOf(choice(["plain", "json"]).default("plain"), {
      description: "How a line is written to the file",
      live: true,
      limit: "2 choices",
      example: 'format = "json"',
    }),
    file: keyOf(path("the path of a file").optional(), {
      description: "The file",
      live: true,
      limit: "4095 characters",
      initial: "`NAME.log` in the log directory",
      example: 'file = "/var/log/api.log"',
      shared: false,
    }),
    stamp: keyOf(choice(["iso", "unix", "tai64n", "none"]).default("iso"), {
      description: "The time stamp before each line",
      live: true,
      limit: "4 choices",
      example: 'stamp = "unix"',
    }),
    ...rotationKeys(),
    facility: keyOf(facility().default("daemon"), {
      description: "The facility for syslog",
      live: true,
      limit: "18 choices",
      example: 'facility = "local3"',
    }),
  },
  { error: "a table" },
);
