import { describe, expect, test } from "bun:test";
import { type Exit, exitWordsOf, shellCodeOf } from "../../src/core/exit.ts";

const EXITS: readonly (readonly [Exit, string, number])[] = [
  [{ tag: "code", code: 0 }, "exited 0", 0],
  [{ tag: "code", code: 1 }, "exited 1", 1],
  [{ tag: "code", code: 255 }, "exited 255", 255],
  [{ tag: "signal", signal: "SIGHUP", dumped: false }, "killed by SIGHUP", 129],
  [{ tag: "signal", signal: "SIGKILL", dumped: false }, "killed by SIGKILL", 137],
  [{ tag: "signal", signal: "SIGTERM", dumped: false }, "killed by SIGTERM", 143],
  [{ tag: "signal", signal: "SIGSEGV", dumped: true }, "killed by SIGSEGV (core dumped)", 139],
  [{ tag: "signal", signal: "SIGSYS", dumped: true }, "killed by SIGSYS (core dumped)", 159],
  [{ tag: "signal", signal: "SIG34", dumped: false }, "killed by SIG34", 162],
  [{ tag: "signal", signal: "SIG64", dumped: false }, "killed by SIG64", 192],
  [{ tag: "unknown" }, "ended with an unknown status", 1],
];

describe("an exit", () => {
  test.each(EXITS)("%j reads %p", (exit, words) => expect(exitWordsOf(exit)).toBe(words));
  test.each(EXITS)("%j, %p, is %p to a shell", (exit, _words, code) => expect(shellCodeOf(exit)).toBe(code));
});
