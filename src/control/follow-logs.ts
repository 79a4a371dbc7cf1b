import type { ControlPort, LogLine } from "./control-port.ts";
import type { LineSink } from "./line-stream.ts";

type LogSink = Pick<LineSink, "isLagging" | "send" | "sendAll">;

/**
 * Sends the last `count` lines of a service and then every further one: none is missed between the two, and none comes twice.
 * A reader that is slower than the service misses lines, and is told how many: its connection is worth more than they are.
 */
export function followLogs(port: ControlPort, request: { name: string; count: number }, sink: LogSink): () => void {
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
  return port.follow(request.name, request.count, { past: (lines) => sink.sendAll([...lines]), line: deliver });
}

function missedWordsOf(count: number): string {
  return `[${count === 1 ? "1 line is" : `${count} lines are`} missing here: they came faster than they were read]`;
}
