import type { LogPolicy } from "../core/definition.ts";
import { textLinesOf, type Block } from "./line-framer.ts";
import type { OutBuffer } from "./out-buffer.ts";
import { prioritizedOf } from "./priority.ts";
import type { Source } from "./source.ts";
import { stampLines } from "./stamp-lines.ts";
import { isoTimeOf, stamperOf } from "./stamp.ts";

/** Turns a block into what a file holds: one record a line. null: the bytes as they are. */
export type LineFormat = ((block: Block, source: Source, out: OutBuffer) => void) | null;

export function lineFormatOf(policy: Pick<LogPolicy, "format" | "stamp">): LineFormat {
  if (policy.format === "json") return appendJsonLines;
  const stamper = stamperOf(policy.stamp);
  if (stamper === null) return null;
  return (block, source, out) => stampLines(block, stamper.stampOf(source.at), out);
}

const encoder = new TextEncoder();

/** One object a line. Pieces of a line that is too long for one record carry `"partial":true`, all but the last. */
function appendJsonLines(block: Block, source: Source, out: OutBuffer): void {
  const { service, pid, stream } = source;
  const head = `${JSON.stringify({ time: isoTimeOf(source.at), service, pid, stream }).slice(0, -1)},"priority":"`;
  const tail = block.unfinished ? ',"partial":true}\n' : "}\n";
  let text = "";
  for (const line of textLinesOf(block)) {
    const { severity, text: message } = prioritizedOf(line, stream);
    text += `${head}${severity}","message":${JSON.stringify(message)}${tail}`;
  }
  out.append(encoder.encode(text));
}
