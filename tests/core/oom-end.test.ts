import { expect, test } from "bun:test";
import { withOomCause } from "../../src/core/oom-end.ts";
import { endOf, eventOf, runOf, second } from "./literal-history.ts";

const killed = (cause: "crash" | "timeout" = "crash") =>
  runOf(1, { end: endOf({ at: second(10), cause, exit: { tag: "signal", signal: "SIGKILL", dumped: false } }) });

test("a process that the kernel says to have killed for want of memory is told so", () => {
  const told = withOomCause(killed(), new Map([[1001, second(10) - 30]]));
  expect(told).toMatchObject({ end: { cause: "oom", because: "the kernel had no memory left for it" } });
});

test("another process, another time, another ending and another entry are left as they are", () => {
  const now = new Map([[1001, second(10)]]);
  for (const [entry, kills] of [
    [killed(), new Map([[1002, second(10)]])],
    [killed(), new Map([[1001, second(10) - 60_000]])],
    [killed(), new Map([[1001, second(10) + 60_000]])],
    [killed("timeout"), now],
    [runOf(1), now],
    [eventOf(1), now],
  ] as const)
    expect(withOomCause(entry, kills)).toBe(entry);
});
