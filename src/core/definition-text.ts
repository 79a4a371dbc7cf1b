/* What a definition says and JSON cannot: a limit without bound. */
import type { Definition } from "./definition.ts";

const UNLIMITED = "unlimited";

/** The definition as JSON can say it. Most have no limits, and stay what they are. */
export function writtenDefinition(definition: Definition): object {
  return withLimits(definition, (value) => (value === Number.POSITIVE_INFINITY ? UNLIMITED : value));
}

/** Only for what `writtenDefinition` made. */
export function definitionOf(written: object): Definition {
  return withLimits(written as Definition, (value) =>
    value === UNLIMITED ? Number.POSITIVE_INFINITY : value,
  ) as Definition;
}

function withLimits(definition: Definition, convert: (value: number | string) => number | string): object {
  const limits = Object.entries(definition.limits);
  if (limits.length === 0) return definition;
  const converted = limits.map(([name, { soft, hard }]) => [name, { soft: convert(soft), hard: convert(hard) }]);
  return { ...definition, limits: Object.fromEntries(converted) as object };
}
