import * as z from "zod";
import { LONGEST_CRON, validateCron } from "../core/cron.ts";
import { isTimeZone } from "../core/time-zone.ts";
import { millis } from "../core/units.ts";
import { keyOf } from "./key-meta.ts";
import { choice, duration, fail, flag, text } from "./schema-parts.ts";
import { suggestNearest, wanted } from "./want.ts";

/** [schedule]: when a oneshot is run. That it says either cron or every is checked across keys. */
export function scheduleSchema() {
  return z.strictObject(
    {
      cron: keyOf(cron().optional(), {
        description:
          "Minute, hour, day of month, month, day of week, or `@hourly`, `@daily`, `@weekly`, `@monthly`, `@yearly`",
        live: true,
        limit: `${LONGEST_CRON} characters`,
        example: 'cron = "0 3 * * mon-fri"',
      }),
      every: keyOf(duration("366d", "1s").optional(), {
        description: "From one run to the next",
        live: true,
        limit: "366d",
        example: 'every = "15m"',
      }),
      timezone: keyOf(timezone().optional(), {
        description: "Whose clocks cron follows",
        live: true,
        limit: "64 characters",
        initial: "that of the machine",
        example: 'timezone = "Europe/Berlin"',
      }),
      jitter: keyOf(duration("7d").default(millis(0)), {
        description: "Each run is put off by a chance time up to this",
        live: true,
        limit: "7d",
        example: 'jitter = "10m"',
      }),
      catch_up: keyOf(flag().default(false), {
        description: "Runs that were missed while the supervisor was down are made up for by one",
        live: true,
        limit: "2 choices",
        example: "catch_up = true",
      }),
      overlap: keyOf(choice(["skip", "queue"]).default("skip"), {
        description: "What becomes of a run that is due while the one before is still at work",
        live: true,
        limit: "2 choices",
        example: 'overlap = "queue"',
      }),
    },
    { error: `a table, like { cron = "0 3 * * *" } or { every = "15m" }` },
  );
}

function cron(): z.ZodType<string, string> {
  const want = `a schedule, like "0 3 * * *" or "@daily"`;
  return text(want, LONGEST_CRON).transform((input, context) => {
    const reason = validateCron(input);
    return reason === null ? input : fail(context, input, `${want}: ${reason}`);
  });
}

function timezone(): z.ZodType<string, string> {
  const want = `a time zone, like "Europe/Berlin" or "UTC"`;
  return text(want, 64).transform((input, context) => {
    if (isTimeZone(input)) return input;
    return fail(context, input, wanted(want, suggestNearest(input, [...Intl.supportedValuesOf("timeZone"), "UTC"])));
  });
}
