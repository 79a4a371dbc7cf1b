import type { ControlPort, LogLine } from "./control-port.ts";
import type { LineSink } from "./line-stream.ts";

type LogSink = Pick<LineSink, "isLagging" | "send" | "sendAll">;

/** Most lines that are kept while the past is fetched; what is older is part of that past. */
const MOST_EARLY = 10_000;

/**
 * Sends the last `count` lines of a service and then every further one: none is missed between the two, and none comes twice.
 * Only lines of a file without stamps, which tells no times, may: some of a burst that was written meanwhile.
 * A reader that is slower than the service misses lines, and is told how many: its connection is worth more than they are.
 */
export function followLogs(port: ControlPort, request: { name: string; count: number }, sink: LogSink): () => void {
  // Listening begins before the past is asked for, so what is written meanwhile arrives by both ways.
  let early: LogLine[] | null = [];
  const stop = port.follow(request.name, (line) => {
    if (early === null) deliver(line);
    else if (early.push(line) > MOST_EARLY) early.shift();
  });
  const past = port.logs(request.name, request.count) ?? Promise.resolve([]);
  void past.then(
    (lines) => begin(lines),
    () => begin([]),
  );
  function begin(lines: readonly LogLine[]): void {
    const waiting = early ?? [];
    early = null;
    sink.sendAll([...lines, ...waiting.slice(overlapOf(lines, waiting))]);
  }
  let missed = 0;
  function deliver(line: LogLine): void {
    if (sink.isLagging) {
      missed++;
      return;
    }
    if (missed > 0) sink.send({ ...line, text: missedWordsOf(missed) });
    missed = 0;
    sink.send(line);
  }
  return stop;
}

function missedWordsOf(count: number): string {
  return `[${count === 1 ? "1 line is" : `${count} lines are`} missing here: they came faster than they were read]`;
}

/** How many lines at the beginning of `later` are also the last ones of `earlier`; both are parts of one sequence. */
export function overlapOf(earlier: readonly LogLine[], later: readonly LogLine[]): number {
  for (let length = later.length; length > 0; length--) {
    const common = Math.min(length, earlier.length);
    if (common === 0) return 0;
    let same = 0;
    while (same < common && isSameLine(earlier.at(-1 - same), later[length - 1 - same])) same++;
    if (same === common) return length;
  }
  return 0;
}

function isSameLine(left: LogLine | undefined, right: LogLine | undefined): boolean {
  return (
    left !== undefined &&
    right !== undefined &&
    left.at === right.at &&
    left.text === right.text &&
    left.pid === right.pid &&
    left.stream === right.stream
  );
}
