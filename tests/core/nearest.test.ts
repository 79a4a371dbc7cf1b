import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { nearestOf } from "../../src/core/nearest.ts";

const KEYS = ["command", "description", "environment", "environment_file", "restart", "stop", "user", "umask"];

describe("the nearest candidate", () => {
  test.each([
    ["comand", "command"],
    ["commmand", "command"],
    ["commnad", "command"],
    ["COMMAND", "command"],
    ["restrat", "restart"],
    ["sotp", "stop"],
    ["uesr", "user"],
    ["enviroment", "environment"],
    ["environment_fil", "environment_file"],
  ])("to %p is %p", (text, wanted) => expect(nearestOf(text, KEYS)).toBe(wanted));

  test.each(["", "x", "zebra", "sto_p_it", "resume"])("to %p is not guessed", (text) => {
    expect(nearestOf(text, KEYS)).toBeNull();
  });

  test("is the first of equals", () => expect(nearestOf("cat", ["bat", "rat"])).toBe("bat"));

  test("does not exist among none", () => expect(nearestOf("web", [])).toBeNull());

  test("of two neighbours swapped counts as one edit", () => {
    expect(nearestOf("bb", ["aa"])).toBeNull();
    expect(nearestOf("ab", ["ba"])).toBe("ba");
  });

  test("is found in time however long the text is", () => {
    const long = "a".repeat(100_000);
    expect(nearestOf(long, [`${long}b`, "web"])).toBe(`${long}b`);
  });

  test("finds a candidate again after one edit", () => {
    const words = fc.string({ unit: fc.constantFrom("a", "b", "c", "_"), minLength: 3, maxLength: 12 });
    fc.assert(
      fc.property(words, fc.nat(), fc.constantFrom("drop", "double", "replace"), (word, at, edit) => {
        const index = at % word.length;
        const [before, after] = [word.slice(0, index), word.slice(index + 1)];
        const kept = edit === "drop" ? "" : edit === "double" ? `${word[index]}${word[index]}` : "z";
        expect(nearestOf(`${before}${kept}${after}`, [word])).toBe(word);
      }),
    );
  });
});
