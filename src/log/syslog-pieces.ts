import type { SyslogSeverity } from "../core/log-policy.ts";
import type { Block } from "./line-framer.ts";
import { prioritizedOf } from "./priority.ts";
import { recordTextsOf } from "./record-block.ts";
import type { Source } from "./source.ts";

/** What goes to syslog as one message. */
export interface SyslogPiece {
  readonly severity: SyslogSeverity;
  readonly text: string;
}

/** Syslog daemons cut longer messages (rsyslog at 8 KiB): they are sent in pieces of this many characters. */
const LONGEST = 4096;
const MARK = "[...]";

/** The records of a block as messages, but for empty ones; what is cut is marked on both sides. */
export function syslogPiecesOf(block: Block, stream: Source["stream"]): readonly SyslogPiece[] {
  let { continues } = block;
  return recordTextsOf(block).flatMap((record) => {
    const { severity, text } = prioritizedOf(record, stream);
    const shown = `${continues ? `${MARK} ` : ""}${text}${block.unfinished ? ` ${MARK}` : ""}`;
    continues = false;
    return shown.trim() === "" ? [] : piecesOf(shown).map((piece) => ({ severity, text: piece }));
  });
}

function piecesOf(text: string): readonly string[] {
  if (text.length <= LONGEST) return [text];
  const pieces: string[] = [];
  for (let start = 0; start < text.length; start += LONGEST) {
    const before = start === 0 ? "" : `${MARK} `;
    const after = start + LONGEST >= text.length ? "" : ` ${MARK}`;
    pieces.push(before + text.slice(start, start + LONGEST) + after);
  }
  return pieces;
}
