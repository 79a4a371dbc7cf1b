import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { renderStatusTable } from "../../src/cli/render-status-table.ts";
import type { UsageView } from "../../src/core/usage-view.ts";
import { usageOf, viewOf } from "../control/literal-port.ts";
import { tellFirstMinutes, whyNoFirstMinutes } from "./first-minutes.ts";
import { Normaliser } from "./normalise.ts";
import { tellOrder } from "./order.ts";
import { blocksIn, withBlocks } from "./page.ts";
import { needsStack, tellStack } from "./stack.ts";
import { README } from "./stage.ts";

// Where one of these fails, the screens have changed: bun run tour
const STORIES = [
  ["the first minutes", tellFirstMinutes, whyNoFirstMinutes !== null],
  ["the stack", tellStack, needsStack],
  ["the order of services", tellOrder, false],
] as const;

const shown = blocksIn(readFileSync(README, "utf8"));

for (const [title, tell, isLeftOut] of STORIES) {
  test.skipIf(isLeftOut)(
    `the README shows ${title} as they are`,
    async () => {
      const told = await tell();
      for (const [name, text] of Object.entries(told)) expect({ name, text: shown[name] }).toEqual({ name, text });
    },
    30_000,
  );
}

test("every block of the README is told by one of the stories", () => {
  const prefixes = ["first-", "stack-", "order"];
  expect(Object.keys(shown).filter((name) => !prefixes.some((prefix) => name.startsWith(prefix)))).toEqual([]);
  expect(Object.keys(shown).length).toBeGreaterThanOrEqual(9);
});

test("blocks are put in the place of those of the same name, and others are left alone", () => {
  const page =
    "before\n\n<!-- tour: a -->\n\n    old\n\n<!-- end of tour -->\n\n<!-- tour: b -->\n\n    b\n\n<!-- end of tour -->\n";
  const changed = withBlocks(page, { a: "$ one\n\n  two", c: "nowhere" });
  expect(blocksIn(changed)).toEqual({ a: "$ one\n\n  two", b: "b" });
  expect(changed).toStartWith("before\n\n<!-- tour: a -->\n\n    $ one\n\n      two\n\n<!-- end");
});

test("two runs of the same screens are the same after what differs is replaced", () => {
  const screen = (pid: number, usage: Partial<UsageView>, now: string): string => {
    const services = [
      viewOf("web", { pid }),
      viewOf("nightly", { state: "waiting", pid: null, next_start: "2026-02-03T03:00:00.000Z" }),
    ];
    const usages = new Map([["web", usageOf("web", usage)]]);
    const table = { services, usages, now: Date.parse(now), program: "daemonsup" };
    return renderStatusTable(table, { isColoured: false, width: null, mark: "..." }).join("\n");
  };
  const first = new Normaliser([["/tmp/a", "/srv"]]);
  const second = new Normaliser([["/tmp/other", "/srv"]]);
  const shownFirst = first.screen(
    screen(1_234_567, { cpu_percent: 0, memory_bytes: 4096 }, "2026-01-02T03:04:06.000Z"),
  );
  expect(shownFirst).toBe(second.screen(screen(99, { cpu_percent: 123 }, "2026-01-30T03:04:05.000Z")));
  expect(shownFirst).toContain("web      up       2s ago  4001  0.5%     12M         0  -");
  const line = (path: string, pid: number, time: string): string => `${time} web (pid ${pid}) of ${path}/x`;
  expect(first.screen(line("/tmp/a", 1_234_567, "2026-01-02T03:04:05.678Z"))).toBe(
    second.screen(line("/tmp/other", 99, "2027-01-02T03:04:05.000Z")),
  );
  expect(first.screen("2026-01-02T03:04:05.678901Z of a log")).toBe("2026-11-22T16:44:15.000000Z of a log");
});
