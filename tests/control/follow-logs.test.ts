import { expect, test } from "bun:test";
import fc from "fast-check";
import { followLogs, overlapOf } from "../../src/control/follow-logs.ts";
import { lineOf, literalPort, viewOf } from "./literal-port.ts";

test("the past and what was heard meanwhile join without a gap and without a line twice, wherever they meet", () => {
  fc.assert(
    fc.property(
      fc.record({ total: fc.nat(30), pastEnd: fc.nat(30), count: fc.nat(30), heardFrom: fc.nat(30) }),
      (sizes) => {
        const { total, pastEnd, count, heardFrom } = sizes;
        const all = Array.from({ length: total }, (_, index) => lineOf("web", `line ${index}`));
        const end = Math.min(pastEnd, total);
        const past = all.slice(Math.max(0, end - Math.max(1, count)), end);
        // What is heard begins before the past ends, or right there: listening began before the past was asked for.
        const heard = all.slice(Math.min(heardFrom, end));
        const joined = [...past, ...heard.slice(overlapOf(past, heard))];
        expect(joined).toEqual(end === 0 ? heard : all.slice(end - past.length));
      },
    ),
  );
});

test("with no line of the past asked for, all that was heard meanwhile is new", () => {
  expect(overlapOf([], [lineOf("web", "a")])).toBe(0);
});

test("lines written while the past is fetched follow it, and later ones come as they are written", async () => {
  const past = Promise.withResolvers<ReturnType<typeof lineOf>[]>();
  const port = literalPort([viewOf("web")], { logs: () => past.promise });
  const sent: string[] = [];
  const stop = followLogs(
    port,
    { name: "web", count: 2 },
    {
      isLagging: false,
      send: (line) => sent.push(JSON.stringify(line)),
      sendAll: (lines) => sent.push(...lines.map((line) => JSON.stringify(line))),
    },
  );
  const write = (text: string): void => port.followers.forEach((listen) => listen(lineOf("web", text)));
  write("b");
  write("c");
  expect(sent).toEqual([]);
  past.resolve([lineOf("web", "a"), lineOf("web", "b")]);
  await past.promise;
  await Promise.resolve();
  write("d");
  expect(sent).toEqual(["a", "b", "c", "d"].map((text) => JSON.stringify(lineOf("web", text))));
  stop();
  expect(port.followers.size).toBe(0);
});

test("a reader that lags behind misses lines, and is told how many before the next one", async () => {
  const port = literalPort([viewOf("web")], { logs: () => Promise.resolve([]) });
  const sent: object[] = [];
  const sink = { isLagging: false, send: (line: object) => sent.push(line), sendAll: () => {} };
  const stop = followLogs(port, { name: "web", count: 0 }, sink);
  await Promise.resolve();
  await Promise.resolve();
  const write = (text: string): void => port.followers.forEach((listen) => listen(lineOf("web", text)));
  write("a");
  sink.isLagging = true;
  write("b");
  write("c");
  sink.isLagging = false;
  write("d");
  write("e");
  expect(sent).toMatchObject([
    { text: "a" },
    { text: expect.stringContaining("2 lines are missing here") },
    { text: "d" },
    { text: "e" },
  ]);
  stop();
});
