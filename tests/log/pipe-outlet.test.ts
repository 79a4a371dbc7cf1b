import { expect, test } from "bun:test";
import { readSync } from "node:fs";
import { PipeOutlet } from "../../src/log/pipe-outlet.ts";
import type { Parcel } from "../../src/log/relay-outlet.ts";
import { closeDescriptor } from "../../src/os/pipe-io.ts";
import { isMarkedTorn, markTorn, openSinkPipe, takenWhole, writePipe } from "../../src/os/sink-pipe.ts";

function parcelOf(...lines: readonly string[]): Parcel {
  let end = 0;
  const ends = lines.map((line) => (end += line.length));
  return { bytes: Buffer.from(lines.join("")), ends, lines: null, took() {}, done() {}, lost() {} };
}

/** A real pipe with somebody who writes lines into it, one after another where they are killed. */
function pipeWith() {
  const opened = openSinkPipe();
  if (opened.tag === "failed") throw new Error(opened.errno);
  const { read, write } = opened.ends;
  const buffer = Buffer.alloc(4 * 1024 * 1024);
  return {
    begin(): PipeOutlet {
      const kernel = { write: writePipe, takenWhole, markTorn, isMarkedTorn };
      const outlet = new PipeOutlet("reader", { ...kernel, awaitRoom() {}, report() {} });
      outlet.use(write);
      return outlet;
    },
    /** What waits in it, at most so many bytes of it. */
    read: (most = buffer.length): string => buffer.toString("utf8", 0, readSync(read, buffer, 0, most, null)),
    [Symbol.dispose]() {
      for (const fd of [read, write]) closeDescriptor(fd);
    },
  };
}

const LINES = Array.from({ length: 3_000 }, (_, index) => `${String(index).padStart(98, "x")}\n`);
const LONG = `${"y".repeat(100_000)}\n`;

test("who is killed where the pipe is full leaves whole lines in it", () => {
  using pipe = pipeWith();
  pipe.begin().push(parcelOf(...LINES));
  const before = pipe.read();
  expect(before.length).toBeGreaterThan(60_000);
  expect(before).toEndWith("\n");
  pipe.begin().push(parcelOf("next\n"));
  expect(pipe.read()).toBe("next\n");
});

test("who is killed in the middle of a line that is longer than the pipe has its line ended by the next one", () => {
  using pipe = pipeWith();
  pipe.begin().push(parcelOf("short\n", LONG));
  expect(pipe.read()).toMatch(/^short\ny+$/);
  pipe.begin().push(parcelOf("next\n"));
  expect(pipe.read()).toBe("\nnext\n");
  pipe.begin().push(parcelOf("last\n"));
  expect(pipe.read()).toBe("last\n");
});

test("who goes on with the same pipe goes on with the line", () => {
  using pipe = pipeWith();
  const outlet = pipe.begin();
  outlet.push(parcelOf(LONG, "next\n"));
  const first = pipe.read();
  outlet.room();
  expect(first + pipe.read()).toBe(`${LONG}next\n`);
  pipe.begin().push(parcelOf("last\n"));
  expect(pipe.read()).toBe("last\n");
});

test("all lines come out as they were, however little is read at a time", () => {
  using pipe = pipeWith();
  const outlet = pipe.begin();
  const all = [...LINES, LONG, ...LINES, LONG];
  outlet.push(parcelOf(...all));
  let text = "";
  for (let most = 1; text.length < all.join("").length; most = (most * 7) % 9_001) {
    text += pipe.read(most);
    outlet.room();
  }
  expect(text).toBe(all.join(""));
});
