import { describe, expect, test } from "bun:test";
import { constants } from "node:os";
import {
  SIGNAL_NAMES,
  SIGNAL_NUMBERS,
  parseSignalName,
  signalNameOf,
  signalNumberOf,
} from "../../src/core/signal-names.ts";

describe("the table of signals", () => {
  test("agrees with the numbers of this machine", () => {
    const known: Readonly<Record<string, number>> = constants.signals;
    for (const name of SIGNAL_NAMES) expect(`${name} ${SIGNAL_NUMBERS[name]}`).toBe(`${name} ${known[name]}`);
  });

  test("has every signal from 1 to 31, each once", () => {
    const numbers: readonly number[] = SIGNAL_NAMES.map((name) => SIGNAL_NUMBERS[name]).sort(
      (left, right) => left - right,
    );
    expect(numbers).toEqual(Array.from({ length: 31 }, (_, index) => index + 1));
  });
});

describe("a signal's name", () => {
  test.each(["", "TERM", "SIG", "SIGRTMIN"])("is %p of no number", (name) => expect(signalNumberOf(name)).toBe(0));

  test.each(SIGNAL_NAMES.map((name) => [name] as const))(
    "%s is read back from its number and its short form",
    (name) => {
      expect(signalNameOf(SIGNAL_NUMBERS[name])).toBe(name);
      expect(signalNumberOf(name)).toBe(SIGNAL_NUMBERS[name]);
      for (const text of [name, name.toLowerCase(), name.slice(3), name.slice(3).toLowerCase(), ` ${name}\n`])
        expect(parseSignalName(text)).toBe(name);
      expect(parseSignalName(String(SIGNAL_NUMBERS[name]))).toBe(name);
    },
  );

  test.each([
    [0, "SIG0"],
    [32, "SIG32"],
    [34, "SIG34"],
    [64, "SIG64"],
  ] as const)("of the number %p, which has none, is made of it", (number, name) =>
    expect(signalNameOf(number)).toBe(name),
  );

  test.each([
    "",
    " ",
    "SIG",
    "0",
    "32",
    "-15",
    "+15",
    "15.0",
    "0x0f",
    "015",
    "SIG15",
    "SIGSIGTERM",
    "TERMINATE",
    "TER M",
  ])("is not found in %p", (text) => expect(parseSignalName(text)).toBeNull());
});
