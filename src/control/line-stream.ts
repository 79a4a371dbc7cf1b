/** Most bytes that the reader of a stream may lag behind; one that lags further is dropped. */
export const MAX_UNSENT_BYTES = 1024 * 1024;

/** Where the lines of one stream go. */
export interface LineSink {
  /** true: the reader has half of that still to read, and what may be left out should be. */
  readonly isLagging: boolean;
  /** Sends one object as one line. */
  send(line: object): void;
  /** Sends what was asked for at once; however long it is, it does not count as lagging behind. */
  sendAll(lines: readonly object[]): void;
}

/**
 * An endless NDJSON answer. `begin` is called at once and returns what ends the flow; that is called exactly once, when
 * the reader has gone or was dropped, or when `signal` says so: then the reader sees a proper end.
 */
export function streamLines(signal: AbortSignal, begin: (sink: LineSink) => () => void): Response {
  const encoder = new TextEncoder();
  let allowance = MAX_UNSENT_BYTES;
  let stop: (() => void) | null = null;
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
        function put(text: string): void {
          if (ended) return;
          controller.enqueue(encoder.encode(text));
        }
        // The runtime sends the headers with the first bytes: without this the reader would not know that it is heard.
        put("\n");
        const unsent = (): number => -(controller.desiredSize ?? 0);
        stop = begin({
          get isLagging() {
            return unsent() > allowance / 2;
          },
          send(line) {
            if (ended) return;
            if (unsent() > allowance) {
              end();
              controller.error(new Error("the reader is too slow"));
              return;
            }
            put(`${JSON.stringify(line)}\n`);
          },
          sendAll(lines) {
            const text = lines.map((line) => `${JSON.stringify(line)}\n`).join("");
            allowance += text.length * 3;
            if (text !== "") put(text);
          },
        });
        if (ended) {
          stop();
          return;
        }
        finish = () => {
          end();
          controller.close();
        };
        signal.addEventListener("abort", finish);
        if (signal.aborted) finish();
      },
      cancel: end,
    },
    new ByteLengthQueuingStrategy({ highWaterMark: 0 }),
  );
  return new Response(body, { headers: { "content-type": "application/x-ndjson", "cache-control": "no-store" } });
}
