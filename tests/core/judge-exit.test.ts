import { describe, expect, test } from "bun:test";
import type { RestartPolicy } from "../../src/core/definition.ts";
import type { Exit } from "../../src/core/exit.ts";
import { isSuccess, mayRestart } from "../../src/core/judge-exit.ts";
import type { Ending } from "../../src/core/service-state.ts";
import { millis } from "../../src/core/units.ts";
import { literalDefinition } from "./literal-definition.ts";

const POLICIES = ["always", "on-failure", "on-abnormal", "never"] as const;

function code(number: number): Exit {
  return { tag: "code", code: number };
}

function signal(name: string, dumped = false): Exit {
  return { tag: "signal", signal: name, dumped };
}

function ending(exit: Exit | null, result: Ending["result"] = "exit"): Ending {
  return { exit, result, length: millis(0), reason: "" };
}

function policyOf(changes: Partial<RestartPolicy>, type: "simple" | "oneshot" = "simple"): RestartPolicy {
  return literalDefinition({ type, restart: changes }).restart;
}

/** Cause of the end, the end, and whether each policy starts it again: "X" or "-", in the order of POLICIES. */
type Row = readonly [string, Ending, string];

/** The table of systemd's Restart= in systemd.service(5), for the policies that exist here. */
const SIMPLE: readonly Row[] = [
  ["clean exit code", ending(code(0)), "X---"],
  ["before_start has failed", ending(null, "before-start"), "XX--"],
  ["after_start has failed", ending(null, "after-start"), "XX--"],
  ["clean signal HUP", ending(signal("SIGHUP")), "X---"],
  ["clean signal INT", ending(signal("SIGINT")), "X---"],
  ["clean signal TERM", ending(signal("SIGTERM")), "X---"],
  ["clean signal PIPE", ending(signal("SIGPIPE")), "X---"],
  ["unclean exit code 1", ending(code(1)), "XX--"],
  ["unclean exit code 255", ending(code(255)), "XX--"],
  ["unclean signal KILL", ending(signal("SIGKILL")), "XXX-"],
  ["unclean signal SEGV", ending(signal("SIGSEGV")), "XXX-"],
  ["unclean real-time signal", ending(signal("SIG34")), "XXX-"],
  ["core dump", ending(signal("SIGSEGV", true)), "XXX-"],
  ["core dump by a clean signal", ending(signal("SIGTERM", true)), "XXX-"],
  ["timeout, then exit 0", ending(code(0), "timeout"), "XXX-"],
  ["timeout, then TERM", ending(signal("SIGTERM"), "timeout"), "XXX-"],
  ["timeout without an exit", ending(null, "timeout"), "XXX-"],
  ["watchdog", ending(signal("SIGABRT"), "watchdog"), "XXX-"],
  ["watchdog, then exit 0", ending(code(0), "watchdog"), "XXX-"],
  ["out of memory", ending(signal("SIGKILL"), "oom"), "XXX-"],
  ["out of memory, then exit 0", ending(code(0), "oom"), "XXX-"],
  ["an end that the kernel did not tell", ending({ tag: "unknown" }), "XXX-"],
  ["a spawn that failed", ending(null), "XX--"],
];

const ONESHOT: readonly Row[] = [
  ["clean exit code", ending(code(0)), "X---"],
  ["signal HUP", ending(signal("SIGHUP")), "XXX-"],
  ["signal INT", ending(signal("SIGINT")), "XXX-"],
  ["signal TERM", ending(signal("SIGTERM")), "XXX-"],
  ["signal PIPE", ending(signal("SIGPIPE")), "XXX-"],
  ["exit code 1", ending(code(1)), "XX--"],
  ["timeout", ending(code(0), "timeout"), "XXX-"],
];

const CELLS = [
  ...SIMPLE.map((row) => ({ type: "simple" as const, row })),
  ...ONESHOT.map((row) => ({ type: "oneshot" as const, row })),
].flatMap(({ type, row: [cause, end, marks] }) =>
  POLICIES.map((policy, column) => {
    const again = marks[column] === "X";
    const title = `a ${type}: ${cause}, under ${policy}: is ${again ? "" : "not "}started again`;
    return [title, { type, end, policy, again }] as const;
  }),
);

describe("the table of Restart=", () => {
  test.each(CELLS)("%s", (_title, { type, end, policy, again }) => {
    expect(mayRestart(end, policyOf({ policy }, type))).toBe(again);
  });
});

describe("success", () => {
  test.each(SIMPLE)("is what on-failure does not start again: %s", (_cause, end, marks) => {
    expect(isSuccess(end, policyOf({}))).toBe(marks[1] === "-");
  });

  test("is what the definition lists, codes and signals alike, and nothing else", () => {
    const policy = policyOf({ success: [3, "SIGUSR1"] });
    expect([code(3), signal("SIGUSR1")].map((exit) => isSuccess(ending(exit), policy))).toEqual([true, true]);
    const others = [code(0), code(10), signal("SIGTERM"), signal("SIGUSR1", true), { tag: "unknown" } as const];
    expect(others.map((exit) => isSuccess(ending(exit), policy))).toEqual([false, false, false, false, false]);
  });

  test("does not take a code for the signal of that number", () => {
    expect(isSuccess(ending(signal("SIGTERM")), policyOf({ success: [15] }))).toBe(false);
    expect(isSuccess(ending(code(15)), policyOf({ success: ["SIGTERM"] }))).toBe(false);
  });
});

describe("an exit that prevents a restart", () => {
  const prevent = [78, "SIGSEGV"] as const;

  test.each(POLICIES.map((policy) => [policy] as const))("is never followed by one under %s", (policy) => {
    for (const exit of [code(78), signal("SIGSEGV"), signal("SIGSEGV", true)])
      expect(mayRestart(ending(exit), policyOf({ policy, prevent }))).toBe(false);
  });

  test("also counts after a timeout, and when it is a success", () => {
    expect(mayRestart(ending(code(78), "timeout"), policyOf({ prevent }))).toBe(false);
    expect(mayRestart(ending(code(0)), policyOf({ prevent: [0] }))).toBe(false);
  });

  test("leaves the others to the policy", () => {
    expect(mayRestart(ending(code(77)), policyOf({ prevent }))).toBe(true);
    expect(mayRestart(ending(null), policyOf({ prevent }))).toBe(true);
    expect(mayRestart(ending({ tag: "unknown" }), policyOf({ prevent }))).toBe(true);
  });
});
