import * as z from "zod";
import type { Requirement } from "../core/life-policies.ts";
import { flag } from "./schema-parts.ts";
import { nameFaultOf } from "./service-name.ts";
import { wanted } from "./want.ts";

/** More names than these under one key are refused. */
const MAX_LINKS = 256;

/** The name of a service; whether there is one is asked once all are known. */
export function serviceName(): z.ZodType<string, string> {
  const want = "the name of a service";
  return z
    .string({ error: want })
    .refine((name) => nameFaultOf(name) === null, { error: want })
    .refine((name) => !name.endsWith("@"), { error: `an instance, like "NAME@1", as a template is no service` });
}

export function serviceNames(): z.ZodType<string[], unknown> {
  return listOfLinks(serviceName());
}

/** requires: names, or tables that say more. */
export function requirements(): z.ZodType<Requirement[], unknown> {
  const plain = serviceName().transform((name): Requirement => ({ name, restartWith: false }));
  const table = z
    .strictObject({ name: serviceName(), restart_with: flag().default(false) })
    .transform(({ name, restart_with: restartWith }): Requirement => ({ name, restartWith }));
  const one = z.union([plain, table], {
    error: `the name of a service, or a table, like { name = "db", restart_with = true }`,
  });
  return listOfLinks(one);
}

function listOfLinks<Item>(item: z.ZodType<Item, unknown>): z.ZodType<Item[], unknown> {
  return z
    .array(item, {
      error: ({ input }) =>
        wanted(
          `a list of names, like ["db", "cache"]`,
          typeof input === "string" ? `did you mean [${JSON.stringify(input)}]?` : null,
        ),
    })
    .max(MAX_LINKS, `at most ${MAX_LINKS}`);
}
