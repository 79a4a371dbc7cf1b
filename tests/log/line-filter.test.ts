import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { EVERY_LINE, type LineFilter } from "../../src/core/log-policy.ts";
import { millis } from "../../src/core/units.ts";
import { FilteredSink } from "../../src/log/line-filter.ts";
import { LineFramer } from "../../src/log/line-framer.ts";
import type { Source } from "../../src/log/source.ts";

/** A filtered sink, what reached it, and when it asked to be woken. */
function makeSink(filter: Partial<LineFilter>) {
  let text = "";
  let lost = 0;
  const wakes: number[] = [];
  const sink = new FilteredSink(
    {
      write: (block) => {
        text += Buffer.from(block.bytes.subarray(block.start, block.end)).toString();
      },
    },
    { ...EVERY_LINE, ...filter },
    { wakeAt: (at) => void wakes.push(at), lost: (lines) => void (lost += lines) },
  );
  return { sink, wakes, taken: () => text, lost: () => lost };
}

const SOURCE: Source = { service: "web", pid: 7, stream: "stdout", at: 0, pipe: {} };

/** Writes the text as a pipe would bring it, cut into pieces of these sizes. */
function write(
  sink: FilteredSink,
  text: string,
  options: { source?: Source; sizes?: readonly number[]; limit?: number } = {},
): void {
  const { source = SOURCE, sizes = [], limit = 64 } = options;
  const framer = new LineFramer(limit);
  const buffer = new Uint8Array(2 * limit + 1);
  const bytes = Buffer.from(text);
  for (let from = 0, turn = 0; from < bytes.length; turn++) {
    const offset = framer.begin(buffer);
    const piece = bytes.subarray(from, from + Math.min(limit, sizes[turn % Math.max(1, sizes.length)] ?? limit));
    buffer.set(piece, offset);
    for (const block of framer.take(buffer, offset + piece.length)) sink.write(block, source);
    from += piece.length;
  }
  const last = framer.finish(buffer);
  if (last !== null) sink.write(last, source);
}

describe("a filter", () => {
  test("takes lines that are severe enough, by their prefix, their fields or their stream", () => {
    const { sink, taken } = makeSink({ priority: "warning" });
    write(sink, 'plain\n<3>bad\n<5>so so\n{"level":"error"}\n');
    write(sink, "complaint\n<6>chat\n", { source: { ...SOURCE, stream: "stderr", pipe: {} } });
    expect(taken()).toBe('<3>bad\n{"level":"error"}\ncomplaint\n');
  });

  test("takes lines that match one expression of those wanted and none of those not wanted", () => {
    const { sink, taken } = makeSink({ include: ["^a", "z$"], exclude: ["secret"] });
    write(sink, "about\nbuzz\nb\na secret\n\n");
    expect(taken()).toBe("about\nbuzz\n");
  });

  test("decides of a long line by its first piece, and so of all of it", () => {
    const { sink, taken } = makeSink({ include: ["^keep"] });
    const long = "x".repeat(300);
    write(sink, `keep ${long}\ndrop ${long}\nkeep\n`);
    expect(taken()).toBe(`keep ${long}\nkeep\n`);
  });

  test("takes the same lines however the stream was cut", () => {
    const word = fc.constantFrom(
      "yes",
      "no",
      "",
      "yes yes yes yes yes yes yes yes yes yes",
      "é",
      "no no no no no no no no no",
    );
    fc.assert(
      fc.property(fc.array(word), fc.array(fc.integer({ min: 1, max: 16 }), { minLength: 1 }), (lines, sizes) => {
        const { sink, taken } = makeSink({ include: ["^yes", "é"] });
        write(sink, lines.map((line) => `${line}\n`).join(""), { sizes, limit: 16 });
        expect(taken()).toBe(
          lines
            .filter((line) => /^yes|é/.test(line))
            .map((line) => `${line}\n`)
            .join(""),
        );
      }),
    );
  });
});

describe("a rate", () => {
  const rate = { lines: 2, per: millis(1000) };
  const at = (seconds: number): { source: Source } => ({ source: { ...SOURCE, at: seconds * 1_000_000 } });

  test("leaves out what is beyond it, and says how much before the next line", () => {
    const { sink, taken, lost } = makeSink({ rate });
    write(sink, "1\n2\n3\n4\n", at(10));
    expect(lost()).toBe(2);
    write(sink, "5\n", at(10.999));
    write(sink, "6\n", at(11));
    expect(taken()).toBe("1\n2\n[3 lines were left out here: more than 2 in 1s]\n6\n");
    expect(lost()).toBe(3);
  });

  test("says it when the time is over, if nothing more comes", () => {
    const { sink, taken, wakes } = makeSink({ rate });
    write(sink, "1\n2\n3\n", at(10));
    expect(wakes).toEqual([11_000_000]);
    sink.tick(10_500_000);
    expect([taken(), wakes]).toEqual(["1\n2\n", [11_000_000, 11_000_000]]);
    sink.tick(11_000_000);
    sink.tick(12_000_000);
    expect(taken()).toBe("1\n2\n[1 line was left out here: more than 2 in 1s]\n");
  });

  test("does not stand still when the clock is set back", () => {
    const { sink, taken } = makeSink({ rate: { lines: 1, per: millis(1000) } });
    write(sink, "1\n", at(1000));
    write(sink, "2\n", at(5));
    expect(taken()).toBe("1\n2\n");
  });

  test("counts only lines that the rest of the filter lets through", () => {
    const { sink, taken } = makeSink({ rate, exclude: ["noise"] });
    write(sink, "noise\nnoise\nnoise\n1\n2\n", at(1));
    expect(taken()).toBe("1\n2\n");
  });
});
