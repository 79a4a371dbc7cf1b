/*
 * A line as one JSON object: time, service, pid, stream, priority, message. A line that is a JSON object itself keeps its
 * fields, as it wrote them, behind ours. Of two fields with the same name:
 *
 * - `message` is that of the line if it is a text, and so is `priority` if it says what ours would;
 * - any other of the line gets a "_" in front of its name, as often as it takes to be the only one: ours say what is certain.
 *
 * Without a `message` of its own, the message is the text of `msg`, or else the whole line.
 */
import { prioritizedOf, type Prioritized } from "./priority.ts";
import type { Source } from "./source.ts";
import { isoTimeOf } from "./stamp.ts";

const OURS = ["time", "service", "pid", "stream", "priority", "message", "partial"] as const;

/** What the records of one block have in common. */
export interface RecordHead {
  readonly source: Source;
  /** `{"time":...,"stream":"stdout"`, to be continued. */
  readonly text: string;
}

export function recordHeadOf(source: Source): RecordHead {
  const { service, pid, stream, at } = source;
  return { source, text: JSON.stringify({ time: isoTimeOf(at), service, pid, stream }).slice(0, -1) };
}

/** The record of one line, without a newline. `isPartial`: the line goes on in the next record. */
export function jsonRecordOf(head: RecordHead, line: string, isPartial: boolean): string {
  const { severity, text, fields } = prioritizedOf(line, head.source.stream);
  const end = isPartial ? ',"partial":true}' : "}";
  if (fields === null) return `${head.text},"priority":"${severity}","message":${JSON.stringify(text)}${end}`;
  const own = ownFieldsOf(fields, { text, severity });
  const priority = own.hasPriority ? "" : `,"priority":"${severity}"`;
  const message = own.hasMessage ? "" : `,"message":${JSON.stringify(messageOf(fields, text))}`;
  return `${head.text}${priority}${message}${own.text}${end}`;
}

/** What the record of a line says, for those who hear of the line itself. */
export function recordedOf(
  line: string,
  stream: Source["stream"],
): Pick<Prioritized, "severity"> & { message: string } {
  const { severity, text, fields } = prioritizedOf(line, stream);
  return { severity, message: fields === null ? text : messageOf(fields, text) };
}

function messageOf(fields: Readonly<Record<string, unknown>>, text: string): string {
  const own = ["message", "msg"].map((key) => (Object.hasOwn(fields, key) ? fields[key] : undefined));
  return own.find((value) => typeof value === "string") ?? text;
}

/** The fields of a line, each with a comma before it. */
function ownFieldsOf(
  fields: Readonly<Record<string, unknown>>,
  { text, severity }: Pick<Prioritized, "text" | "severity">,
): { readonly text: string; readonly hasPriority: boolean; readonly hasMessage: boolean } {
  const has = (key: string): boolean => Object.hasOwn(fields, key);
  const hasMessage = has("message") && typeof fields["message"] === "string";
  const hasPriority = has("priority") && fields["priority"] === severity;
  const kept = { message: hasMessage, priority: hasPriority } as Readonly<Record<string, boolean>>;
  const clashes = OURS.some((key) => has(key) && kept[key] !== true);
  // As it was written, so that a number with more digits than a double holds stays what it is.
  const written = clashes ? renamedOf(fields, kept) : text.trim().slice(1, -1).trim();
  return { text: written === "" ? "" : `,${written}`, hasPriority, hasMessage };
}

function renamedOf(fields: Readonly<Record<string, unknown>>, kept: Readonly<Record<string, boolean>>): string {
  const ours: readonly string[] = OURS;
  const taken = new Set([...ours, ...Object.keys(fields)]);
  return Object.entries(fields)
    .map(([key, value]) => {
      let name = key;
      while (ours.includes(key) && kept[key] !== true && taken.has(name)) name = `_${name}`;
      taken.add(name);
      return `${JSON.stringify(name)}:${JSON.stringify(value)}`;
    })
    .join(",");
}
