import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { loadSecretFile } from "../../src/config/secret-file.ts";
import { lines, makePlace, mustLoad, problemsOf } from "./load-texts.ts";

describe("a secret", () => {
  test("is remembered as the file that it is read from", () => {
    using place = makePlace({
      "web.toml": lines(
        'command = "true"',
        'environment = { A = "1", PW = { file = "pw" }, KEY = { file = "/run/${A}/key" } }',
      ),
    });
    const [web] = mustLoad(place.load()).definitions;
    expect(web?.environment).toEqual({ A: "1" });
    expect(web?.secrets).toEqual({ PW: join(place.directory, "pw"), KEY: "/run/1/key" });
  });

  test("takes the place of a variable from [defaults], and gives its own to one", () => {
    using place = makePlace({
      "daemonsup.toml": '[defaults.environment]\nA = "1"\nB = { file = "/b" }\n',
      "web.toml": 'command = "true"\nenvironment = { A = { file = "/a" }, B = "2" }\n',
    });
    const [web] = mustLoad(place.load()).definitions;
    expect([web?.environment, web?.secrets]).toEqual([{ B: "2" }, { A: "/a" }]);
  });

  test("whose file is missing costs only its service", () => {
    using place = makePlace({ "web.toml": 'command = "true"\nenvironment.PW = { file = "pw" }\n' });
    const { faults } = mustLoad(place.load());
    expect(faults.map(({ service, problem }) => [service, problem.line, problem.column, problem.message])).toEqual([
      ["web", 2, 27, `cannot use "environment.PW.file": secret "${place.directory}/pw": no such file or directory`],
    ]);
  });

  test("has a file and nothing else", () => {
    const messages = problemsOf({
      "web.toml": lines('command = "true"', "[environment]", "A = 5", "B = { fil = 5 }", "C = { file = 5 }"),
    }).map((problem) => problem.split("\n")[0]);
    expect(messages).toEqual([
      'services.d/web.toml:3:5: cannot parse "environment.A": got a number, want a string, in quotes, or a table, like { file = "/run/secrets/pw" }',
      'services.d/web.toml:4:1: cannot parse "environment.B.file": it is missing, want the path of a file',
      'services.d/web.toml:4:7: cannot parse "environment.B.fil": unknown key',
      'services.d/web.toml:5:14: cannot parse "environment.C.file": got 5, want the path of a file',
    ]);
  });
});

describe("the file of a secret", () => {
  const ROWS: readonly (readonly [title: string, content: string | Uint8Array, value: string | null])[] = [
    ["gives its text", "s3cr3t", "s3cr3t"],
    ["loses one newline at its end", "two\nlines\n\n", "two\nlines\n"],
    ["keeps blanks", " x \n", " x "],
    ["may be empty", "", ""],
    ["may have 64 KiB", "x".repeat(65_536), "x".repeat(65_536)],
    ["has no more than that", "s3cr3t".repeat(11_000), null],
    ["is text", new Uint8Array([0x73, 0xff]), null],
    ["holds no NUL", "s3cr3t\0", null],
  ];
  for (const [title, content, value] of ROWS) {
    test(title, () => {
      using place = makePlace();
      const path = place.write("pw", content);
      const loaded = loadSecretFile(path);
      if (value !== null) return expect(loaded).toEqual({ tag: "loaded", value });
      expect(loaded.tag).toBe("unusable");
      // The name of the place is drawn at random.
      expect(JSON.stringify(loaded).replaceAll(path, "pw")).not.toMatch(/s3cr3t|ff/i);
    });
  }
});
