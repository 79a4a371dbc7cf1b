/** Most bytes that the reader of a stream may lag behind; one that lags further is dropped. */
export const MAX_UNSENT_BYTES = 1024 * 1024;

/** Where the lines of one stream go. */
export interface LineSink {
  /** true: the reader has half of that still to read, and what may be left out or can wait should be. */
  readonly isLagging: boolean;
  /** Sends one object as one line. */
  send(line: object): void;
  /** Sends what was asked for at once; however long it is, it does not count as lagging behind. */
  sendAll(lines: readonly object[]): void;
  /** Says that the stream lives. */
  beat(): void;
  /** Calls `listen` whenever the reader has read everything. */
  onDrained(listen: () => void): void;
}

/** How a stream of objects is written. */
export interface StreamForm {
  readonly type: string;
  /**
   * Says that nothing has happened. The stream begins with it: the runtime sends the headers with the first bytes, and
   * without them the reader would not know that it is heard.
   */
  readonly beat: string;
  render(line: object): string;
}

/** One object a line; empty lines say nothing. */
export const NDJSON: StreamForm = {
  type: "application/x-ndjson",
  beat: "\n",
  render: (line) => `${JSON.stringify(line)}\n`,
};

/** Server-sent events as the HTML standard has them; what has a number is identified by that and by whose number it is. */
export function serverSentEvents(instance: string): StreamForm {
  return {
    type: "text/event-stream",
    beat: ":\n\n",
    render(line) {
      const id = "number" in line ? `id: ${String(line.number)}.${instance}\n` : "";
      return `${id}data: ${JSON.stringify(line)}\n\n`;
    },
  };
}

/** Of a stream that may come to its end by itself. */
export interface EndingSink extends LineSink {
  /** There is nothing more to say. */
  end(): void;
}

export class EndlessResponse extends Response {}

/** true: an answer that comes piece by piece, and not all at once. */
export function isEndless(response: Response): boolean {
  return response instanceof EndlessResponse;
}

/**
 * An answer as long as it has something to say. `begin` is called at once and returns what ends the flow; that is called exactly once, when
 * the reader has gone or was dropped, or when `signal` says so: then the reader sees a proper end.
 */
export function streamLines(
  signal: AbortSignal,
  begin: (sink: EndingSink) => () => void,
  form: StreamForm = NDJSON,
): Response {
  const encoder = new TextEncoder();
  let allowance = MAX_UNSENT_BYTES;
  let stop: (() => void) | null = null;
  let drained = (): void => {};
  let ended = false;
  let finish = (): void => {};
  function end(): void {
    if (ended) return;
    ended = true;
    signal.removeEventListener("abort", finish);
    stop?.();
  }
  const body = new ReadableStream<Uint8Array>(
    {
      start(controller) {
        // What is said at once is one piece with the beginning.
        let beginning: string | null = form.beat;
        function put(text: string): void {
          if (beginning !== null) beginning += text;
          else if (!ended) controller.enqueue(encoder.encode(text));
        }
        const unsent = (): number => (beginning?.length ?? 0) - (controller.desiredSize ?? 0);
        stop = begin({
          get isLagging() {
            return ended || unsent() > allowance / 2;
          },
          send(line) {
            if (ended) return;
            if (unsent() > allowance) {
              end();
              controller.error(new Error("the reader is too slow"));
              return;
            }
            put(form.render(line));
          },
          sendAll(lines) {
            const text = lines.map((line) => form.render(line)).join("");
            allowance += text.length * 3;
            if (text !== "") put(text);
          },
          beat() {
            if (unsent() === 0) put(form.beat);
          },
          onDrained(listen) {
            drained = listen;
          },
          end: () => finish(),
        });
        if (!ended) controller.enqueue(encoder.encode(beginning));
        beginning = null;
        if (ended) {
          stop();
          return;
        }
        finish = () => {
          if (ended) return;
          end();
          controller.close();
        };
        signal.addEventListener("abort", finish);
        if (signal.aborted) finish();
      },
      pull: () => drained(),
      cancel: end,
    },
    new ByteLengthQueuingStrategy({ highWaterMark: 0 }),
  );
  return new EndlessResponse(body, { headers: { "content-type": form.type, "cache-control": "no-store" } });
}
