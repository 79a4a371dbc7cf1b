/*
 * What a definition says and JSON cannot: a limit without bound. And the definitions of many services in little room. What is
 * read may come from a version before, and then lacks what has been added to definitions since.
 */
import type { Definition } from "./definition.ts";
import type { FileSinkPolicy, SinkPolicy } from "./log-policy.ts";

const UNLIMITED = "unlimited";

/** The definition as JSON can say it. Most have no limits, and stay what they are. */
export function writtenDefinition(definition: Partial<Definition>): object {
  return withLimits(definition, (value) => (value === Number.POSITIVE_INFINITY ? UNLIMITED : value));
}

/** Only for what `writtenDefinition` made. */
export function definitionOf(written: object): Definition {
  return readDefinition(written) as Definition;
}

/**
 * Each definition as what it says otherwise than the one before it, as JSON can say it: of a thousand most say the same. What is
 * the same is told by looking at it, so values count as the same only if they are one object.
 */
export function writtenDefinitions(definitions: readonly Definition[]): readonly object[] {
  let before: Partial<Definition> = {};
  return definitions.map((definition) => {
    const written = writtenDefinition(differenceOf(definition, before));
    before = definition;
    return written;
  });
}

/** Only for what `writtenDefinitions` made. What was the same is one object again. */
export function definitionsOf(written: readonly object[]): readonly Definition[] {
  let before: object = {};
  return written.map((difference) => {
    const definition = { ...before, ...readDefinition(difference) } as Definition;
    before = definition;
    return definition;
  });
}

function differenceOf(definition: Definition, before: Partial<Definition>): Partial<Definition> {
  const difference: Partial<Record<keyof Definition, unknown>> = {};
  for (const field of Object.keys(definition) as (keyof Definition)[])
    if (definition[field] !== before[field]) difference[field] = definition[field];
  return difference as Partial<Definition>;
}

function readDefinition(written: object): Partial<Definition> {
  const read = withLimits(written, (value) => (value === UNLIMITED ? Number.POSITIVE_INFINITY : value));
  return withFeeds(read as Partial<Definition>);
}

/** To a version that has not written down how lines come to a file there was one way alone. */
function withFeeds(definition: Partial<Definition>): Partial<Definition> {
  const { log } = definition;
  if (log === undefined || !log.sinks.some(lacksFeed)) return definition;
  const sinks = log.sinks.map((sink) => (lacksFeed(sink) ? { ...sink, feed: { tag: "block" } as const } : sink));
  return { ...definition, log: { ...log, sinks } };
}

function lacksFeed(sink: SinkPolicy): sink is FileSinkPolicy {
  return sink.type === "file" && (sink as Partial<FileSinkPolicy>).feed === undefined;
}

function withLimits(definition: Partial<Definition>, convert: (value: number | string) => number | string): object {
  const limits = Object.entries(definition.limits ?? {});
  if (limits.length === 0) return definition;
  const converted = limits.map(([name, { soft, hard }]) => [name, { soft: convert(soft), hard: convert(hard) }]);
  return { ...definition, limits: Object.fromEntries(converted) as object };
}
