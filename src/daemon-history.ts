/* The history of this supervisor: what is kept, by which thread, in which file. Part of the composition root. */
import type { HistoryPolicy } from "./core/history.ts";
import { historyFileOf } from "./core/paths.ts";
import { millis } from "./core/units.ts";
import { timers } from "./daemon-ports.ts";
import { makeWorker } from "./daemon-worker.ts";
import { wallNow } from "./os/clock.ts";
import { randomHex } from "./os/random-hex.ts";
import type { HistoryPort } from "./supervisor/historian.ts";
import { historyThreadOf } from "./supervisor/history-messages.ts";
import { HistoryWriter } from "./supervisor/history-writer.ts";
import { OwnLines } from "./supervisor/own-lines.ts";
import type { Report } from "./supervisor/ports.ts";

export interface HistoryRequest {
  readonly policy: HistoryPolicy;
  readonly stateDirectory: string;
  readonly report: Report;
  /** The thread has ended. */
  rested(): void;
}

export interface History {
  readonly port: HistoryPort;
  readonly writer: HistoryWriter;
  /** Reports as asked, and remembers the line for reports of crashes. */
  readonly report: Report;
  /** Writes what can be written in a moment, then ends the thread. */
  close(): Promise<void>;
}

/** How long the end of the supervisor may be held up by a disk that does not answer. */
const LAST_WORDS = millis(1_000);

export function startHistory({ policy, stateDirectory, report, rested }: HistoryRequest): History {
  const session = randomHex(8);
  const ownLines = new OwnLines();
  const writer = new HistoryWriter({
    start: (listener) => historyThreadOf(makeWorker(new URL("./history-worker.ts", import.meta.url)), listener),
    timers,
    report,
    path: historyFileOf(stateDirectory),
    session,
    policy,
    rested,
  });
  return {
    writer,
    port: {
      session,
      goesOn: (earlier, run) => writer.goesOn(earlier, run),
      keep: (entry) => writer.keep(entry),
      lines: () => (writer.policy.keep === 0 ? 0 : writer.policy.lines),
      ownLines: (service, since) => ownLines.about(service, since),
      ownPeak: () => process.resourceUsage().maxRSS * 1024,
    },
    report(severity, message) {
      report(severity, message);
      if (severity !== "debug") ownLines.add(wallNow(), severity, message);
    },
    close: () => writer.close(LAST_WORDS),
  };
}
