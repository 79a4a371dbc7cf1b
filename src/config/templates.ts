import type { Definition } from "../core/definition.ts";
import { MAX_INSTANCES } from "../core/most-instances.ts";
import type { Table } from "./document.ts";
import type { Fault } from "./fault.ts";
import type { Candidate } from "./list-directory.ts";

/** What somebody asked of a template beside what its file says, by its name without the @. */
export type RequestedInstances = Readonly<
  Record<
    string,
    {
      /** As many as these instead of `instances`; null: nobody said so. */
      readonly count: number | null;
      /** These as well. */
      readonly names: readonly string[];
    }
  >
>;

/** One service that a file makes. */
export interface Made {
  readonly name: string;
  readonly instance: Definition["instance"];
}

export interface Making {
  readonly services: readonly Made[];
  /** The name without the @; null: the file is no template. */
  readonly template: string | null;
  /** true: nobody asks for an instance; the one that is made only shows whether the text is sound. */
  readonly isTrial: boolean;
  readonly fault: Fault | null;
}

/** The parts of NAME@x; null for the name of an ordinary service. Behind the @ of a template there is nothing. */
export function instanceOf(name: string): { readonly template: string; readonly name: string } | null {
  const at = name.indexOf("@");
  return at === -1 ? null : { template: name.slice(0, at), name: name.slice(at + 1) };
}

/**
 * Says which services a file makes: NAME.toml makes NAME, NAME@x.toml that instance; NAME@.toml, or any NAME.toml with
 * `instances`, is a template of NAME@1 to NAME@N, and of what was asked for by name.
 */
export function makingOf(
  { service, isLink }: Pick<Candidate, "service" | "isLink">,
  table: Table,
  requested: RequestedInstances,
): Making {
  const instance = instanceOf(service);
  const { instances } = table;
  if (instance !== null && instance.name !== "") {
    const fault: Fault | null =
      instances === undefined || isLink
        ? null
        : {
            path: ["instances"],
            at: "key",
            reason: "this file is one instance, want it in a template",
            suggestion: null,
          };
    return { services: [{ name: service, instance }], template: null, isTrial: false, fault };
  }
  if (instance === null && instances === undefined)
    return { services: [{ name: service, instance: null }], template: null, isTrial: false, fault: null };
  const template = instance?.template ?? service;
  const asked = Object.hasOwn(requested, template) ? requested[template] : undefined;
  const count = asked?.count ?? (isCount(instances) ? instances : 0);
  const names = new Set([...Array.from({ length: count }, (_, index) => String(index + 1)), ...(asked?.names ?? [])]);
  const isTrial = names.size === 0;
  const services = [...(isTrial ? ["1"] : names)].map((name) => ({
    name: `${template}@${name}`,
    instance: { template, name },
  }));
  return { services, template, isTrial, fault: null };
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= MAX_INSTANCES;
}
