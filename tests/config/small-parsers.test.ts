import { describe, expect, test } from "bun:test";
import { parseEnvironmentText } from "../../src/config/environment-text.ts";
import { parseDuration, parseSize, suggestDuration, suggestSize } from "../../src/config/quantities.ts";
import { splitWords } from "../../src/config/shell-words.ts";

describe("a string command is split as a shell splits words", () => {
  const words: readonly (readonly [string, readonly string[]])[] = [
    ["sleep 5", ["sleep", "5"]],
    ["  a \t b\n", ["a", "b"]],
    [`echo 'a  b' "c  d" e\\ f`, ["echo", "a  b", "c  d", "e f"]],
    [`a'b'"c"d`, ["abcd"]],
    [`x '' ""`, ["x", "", ""]],
    [String.raw`"a\"b\\c\$d\e"`, [String.raw`a"b\c$d\e`]],
    [String.raw`'a\b'`, [String.raw`a\b`]],
    [`'|&;<>$*()\`' "|&;<>$*()"`, ["|&;<>$*()`", "|&;<>$*()"]],
    [String.raw`a\|b \$HOME`, ["a|b", "$HOME"]],
    ["a \\\n b", ["a", "", "b"]],
    ["sh -c 'a | b'", ["sh", "-c", "a | b"]],
    ["a#b ~ {x} [y] ! = %", ["a#b", "~", "{x}", "[y]", "!", "=", "%"]],
    ["", []],
  ];
  for (const [line, expected] of words) {
    test(JSON.stringify(line), () => expect(splitWords(line)).toEqual({ tag: "words", words: expected }));
  }

  for (const character of "|&;<>$*()`") {
    test(`${character} needs a shell`, () =>
      expect(splitWords(`a b${character}c`)).toEqual({ tag: "needs-shell", character }));
  }

  test("what is left open is named", () => {
    expect(splitWords("a 'b")).toEqual({ tag: "unfinished", what: "a single quote that is never closed" });
    expect(splitWords('a "b')).toEqual({ tag: "unfinished", what: "a double quote that is never closed" });
    expect(splitWords("a \\")).toEqual({ tag: "unfinished", what: "a backslash at the end" });
  });
});

describe("environment files", () => {
  const good: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
    ["A=1\nB=2", { A: "1", B: "2" }],
    ["A=1\r\nB=2\r\n", { A: "1", B: "2" }],
    ["# c\n; c\n\n  A=1\nexport B=2\n", { A: "1", B: "2" }],
    ["A=\nB=''\n", { A: "", B: "" }],
    ["A=a b  # comment\nB=a#b\nC= # none\n", { A: "a b", B: "a#b", C: "" }],
    [`A='x "y" \\ $z'\nB="x 'y' \\" \\\\ \\$z \\n"\n`, { A: `x "y" \\ $z`, B: `x 'y' " \\ $z \\n` }],
    [`A="one\ntwo"  # c\nB='3\n4'\n`, { A: "one\ntwo", B: "3\n4" }],
    ["A=one\\\ntwo\nB=a\\ b\\#\n", { A: "onetwo", B: "a b#" }],
    [`A={"x":1}\nB=a'b'\n`, { A: `{"x":1}`, B: "a'b'" }],
    ["A=1\nA=2\n", { A: "2" }],
    ["A=$B `c`\n", { A: "$B `c`" }],
    ["", {}],
  ];
  for (const [text, environment] of good) {
    test(JSON.stringify(text), () => expect(parseEnvironmentText(text)).toEqual({ tag: "parsed", environment }));
  }

  const faulty: readonly (readonly [string, readonly string[]])[] = [
    ["A=1\nnonsense\nB", ["2:1 want KEY=value", "3:1 want KEY=value"]],
    ["  export A B=1\n", ["1:10 want KEY=value"]],
    ["1A=x\n", [`1:1 want a name of letters, digits and "_" that does not begin with a digit`]],
    ["A='x\nB=1\n", ["1:3 this quote is never closed"]],
    [`A="x" y\nB=1\n`, ["1:6 want the end of the line after the closing quote"]],
    ["DAEMONSUP_SERVICE=x\n", ["1:1 want another name, as the supervisor sets this one itself"]],
    ["__proto__=x\n", ["1:1 want another name"]],
  ];
  for (const [text, faults] of faulty) {
    test(`${JSON.stringify(text)} is refused`, () => {
      const parsed = parseEnvironmentText(text);
      expect(
        parsed.tag === "faulty" ? parsed.faults.map(({ line, column, reason }) => `${line}:${column} ${reason}`) : [],
      ).toEqual([...faults]);
    });
  }

  test("more than 1024 variables are refused", () => {
    const text = Array.from({ length: 1025 }, (_, index) => `V${index}=1\n`).join("");
    expect(parseEnvironmentText(text)).toMatchObject({
      tag: "faulty",
      faults: [{ reason: "got 1025 variables, want at most 1024" }],
    });
  });
});

describe("quantities", () => {
  test("durations have a unit", () => {
    const read = [
      "250ms",
      "10s",
      "5m",
      "2h",
      "1d",
      "0s",
      "10",
      "s",
      "1.5s",
      "10 s",
      "10S",
      "-1s",
      "1m30s",
      "9999999999999999s",
      "",
    ].map(parseDuration);
    expect(read).toEqual([250, 10_000, 300_000, 7_200_000, 86_400_000, 0, ...Array(9).fill(null)] as never);
  });

  test("sizes have a unit, and it is binary", () => {
    const read = ["512B", "64KiB", "10MiB", "1GiB", "2TiB", "10", "10MB", "10K", "1.5MiB", ""].map(parseSize);
    expect(read).toEqual([512, 65_536, 10_485_760, 1_073_741_824, 2_199_023_255_552, null, null, null, null, null]);
  });

  test("what was meant is suggested", () => {
    const durations = ["10", 10, "10sec", "5 Minutes", "3hrs", "100msec", "soon", true, "10y"].map(suggestDuration);
    expect(durations.map((text) => text?.split('"')[1] ?? null)).toEqual([
      "10s",
      "10s",
      "10s",
      "5m",
      "3h",
      "100ms",
      null,
      null,
      null,
    ]);
    const sizes = ["10MB", "10m", "64 kb", 1_048_576, "1024", 1000, 0, "big", null].map(suggestSize);
    expect(sizes.map((text) => text?.split('"')[1] ?? null)).toEqual([
      "10MiB",
      "10MiB",
      "64KiB",
      "1MiB",
      "1KiB",
      "1000MiB",
      "0MiB",
      null,
      null,
    ]);
  });
});
