import { describe, expect, test } from "bun:test";
import { ShownLines } from "../../src/cli/shown-lines.ts";

const BEGAN = Date.parse("2026-01-02T03:00:00.000Z");
const at = (clock: string): string => `2026-01-02T${clock}Z`;
function line(service: string, clock: string, text = "said"): { service: string; at: string; text: string } {
  return { service, at: at(clock), text };
}

function shownOf(lines: readonly (readonly [string, string])[]): ShownLines {
  const shown = new ShownLines(BEGAN);
  for (const [service, clock] of lines) shown.take(line(service, clock));
  return shown;
}

describe("when the past is told again", () => {
  test("lines that were shown are known, as many of one time as there were", () => {
    const shown = shownOf([
      ["web", "03:00:01.000001"],
      ["web", "03:00:01.000002"],
      ["web", "03:00:01.000002"],
      ["db", "03:00:02.000000"],
    ]);
    shown.again();
    const told = [
      ["web", "03:00:01.000001"],
      ["web", "03:00:01.000002"],
      ["web", "03:00:01.000002"],
      ["web", "03:00:01.000002"],
      ["web", "03:00:01.000003"],
      ["db", "03:00:02.000000"],
      ["new", "03:00:01.000000"],
    ] as const;
    const isNew = [false, false, false, true, true, false, true];
    expect(told.map(([service, clock]) => shown.take(line(service, clock)))).toEqual(isNew);
    // And once more: now all of them are known.
    shown.again();
    expect(told.map(([service, clock]) => shown.take(line(service, clock)))).toEqual(told.map(() => false));
  });

  test("those of the time of the first line that was wanted are not new because they came before it", () => {
    const shown = new ShownLines(BEGAN);
    const clock = "03:00:01.000001";
    for (const text of ["two", "three"]) shown.take(line("web", clock, text));
    for (let times = 2; times > 0; times--) {
      shown.again();
      const told = ["zero", "one", "two", "three"].map((text) => shown.take(line("web", clock, text)));
      expect(told).toEqual([false, false, false, false]);
    }
    expect(shown.take(line("web", clock, "four"))).toBe(true);
  });

  const needed: readonly (readonly [string, readonly (readonly [string, string])[], string])[] = [
    ["what came since the command began", [], "03:00:00.000"],
    ["what came since the last line, to the millisecond", [["web", "02:59:59.123456"]], "02:59:59.123"],
    [
      "what came since the last line of the quietest service",
      [
        ["web", "02:59:50.000000"],
        ["db", "02:59:59.000000"],
      ],
      "02:59:50.000",
    ],
    [
      "nothing that is much older than what has been told",
      [
        ["web", "02:00:00.000000"],
        ["db", "03:30:00.000000"],
      ],
      "03:29:00.000",
    ],
  ];
  test.each(needed)("%s is needed", (_, lines, since) => {
    expect(new Date(shownOf(lines).again()).toISOString()).toBe(at(since));
  });
});
