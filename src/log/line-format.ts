import type { RecordFormat } from "../core/log-policy.ts";
import { jsonRecordOf, recordHeadOf } from "./json-record.ts";
import type { Block } from "./line-framer.ts";
import type { OutBuffer } from "./out-buffer.ts";
import { recordTextsOf } from "./record-block.ts";
import type { Source } from "./source.ts";
import { stampLines } from "./stamp-lines.ts";
import { stamperOf } from "./stamp.ts";

/** Turns a block into what a file holds: one record a line. null: the bytes as they are. */
export type LineFormat = ((block: Block, source: Source, out: OutBuffer) => void) | null;

export function lineFormatOf(policy: RecordFormat): LineFormat {
  if (policy.format === "json") return appendJsonLines;
  const stamper = stamperOf(policy.stamp);
  if (stamper === null) return null;
  return (block, source, out) => stampLines(block, stamper.stampOf(source.at), out);
}

const encoder = new TextEncoder();

/** One object a line. Pieces of a line that is too long for one record carry `"partial":true`, all but the last. */
function appendJsonLines(block: Block, source: Source, out: OutBuffer): void {
  const head = recordHeadOf(source);
  let text = "";
  for (const line of recordTextsOf(block)) text += `${jsonRecordOf(head, line, block.unfinished)}\n`;
  out.append(encoder.encode(text));
}
