import type { EventView } from "../core/service-view.ts";
import type { ControlPort } from "./control-port.ts";
import type { LineSink } from "./line-stream.ts";

/** How many events are put together for a reader at a time. */
const BATCH = 64;

export interface EventWish {
  /** The last event that the reader knows. */
  readonly after: number;
  /** How often to say that the stream lives while nothing happens, in milliseconds; null: never. */
  readonly heartbeat: number | null;
}

/**
 * Sends every event that follows, from those that are kept as far as they are past. A reader that is slower than what happens
 * is waited for, and goes on from where it was; what is not kept any more by then it is told that it has missed.
 */
export function followEvents(port: ControlPort, wish: EventWish, sink: LineSink): () => void {
  let seen = wish.after;
  function pump(): void {
    while (!sink.isLagging) {
      const events = port.eventsAfter(seen, BATCH);
      const first = events[0];
      if (first === undefined) return;
      if (first.number > seen + 1) sink.send(missedOf(first, first.number - seen - 1));
      for (const event of events) sink.send(event);
      seen = events.at(-1)?.number ?? seen;
    }
  }
  sink.onDrained(pump);
  const unsubscribe = port.subscribe((event) => {
    if (event.number !== seen + 1 || sink.isLagging) return pump();
    sink.send(event);
    seen = event.number;
  });
  const beat = wish.heartbeat === null ? null : setInterval(() => sink.beat(), wish.heartbeat);
  pump();
  return () => {
    unsubscribe();
    if (beat !== null) clearInterval(beat);
  };
}

/** Has the number of the last event that is missing, so that whoever resumes after it is not told again. */
function missedOf(next: EventView, count: number): EventView {
  const words = count === 1 ? "1 event is" : `${count} events are`;
  return {
    number: next.number - 1,
    at: next.at,
    service: null,
    event: "missed",
    state: null,
    previous: null,
    pid: null,
    message: `${words} missing here: they came faster than they were read`,
  };
}
