import { describe, expect, test } from "bun:test";
import { loadDirectory } from "../../src/config/load-directory.ts";
import { lines, machine, makePlace, problemsOf, requestOf } from "./load-texts.ts";

const SECRET = "s3cr3t";

/** Files in which something is wrong close to a secret. */
const FILES: Readonly<Record<string, string>> = {
  "wrong-neighbour.toml": lines('command = "x"', `environment = { TOKEN = "${SECRET}", PORT = 5 }`),
  "wrong-kind.toml": lines('command = "x"', `environment = "TOKEN=${SECRET}"`),
  "list.toml": lines('command = "x"', `environment = ["TOKEN=${SECRET}"]`),
  "dotted.toml": lines('command = "x"', `environment."A B" = "${SECRET}"`),
  "assignment-as-name.toml": lines('command = "x"', "[environment]", `"TOKEN=${SECRET}" = ""`),
  "mistyped.toml": lines('command = "x"', `enviroment = { TOKEN = "${SECRET}" }`),
  "mistyped-table.toml": lines('command = "x"', "[evironment]", `TOKEN = "${SECRET}"`),
  "misplaced.toml": lines('command = "x"', "[stop.environment]", `TOKEN = "${SECRET}"`),
  "nul.toml": lines('command = "x"', `environment = { TOKEN = "${SECRET}\\u0000" }`),
  "one-line.json": `{"command": 5, "environment": {"TOKEN": "${SECRET}"}, "nice": "x"}`,
  "number.json": `{"command": "x", "environment": {"TOKEN": 5, "OTHER": ["${SECRET}"]}}`,
  "block.yaml": lines("command: x", "environment:", "  - TOKEN=" + SECRET),
  "anchor.yaml": lines("command: x", "nice: x", `environment: {TOKEN: &t ${SECRET}, OTHER: *t, NUMBER: 5}`),
  "multi-line.yaml": lines("command: x", "environment:", "  TOKEN: |", `    ${SECRET}`, "  NUMBER: 5"),
  "syntax-same-line.toml": lines('command = "x"', `environment = { TOKEN = "${SECRET} }`),
  "syntax-unquoted.toml": lines('command = "x"', "[environment]", `TOKEN = ${SECRET}`),
  "syntax-below.toml": lines('command = "x"', "environment = {", `  TOKEN = ${SECRET},`, "}"),
  "syntax-multi.toml": lines('command = "x"', "[environment]", 'TOKEN = """', "[restart]", `${SECRET}" """ x`),
  "syntax.yaml": lines("command: x", "environment:", `  TOKEN: "${SECRET}`, "nice: 1"),
  "syntax-token.yaml": lines("command: x", "environment:", `  TOKEN: "a" "${SECRET}"`),
  "syntax.json": `{"command": "x", "environment": {"TOKEN": "${SECRET}" "x"}}`,
  "syntax-lines.json": lines("{", '"environment": {', `"TOKEN": "a" "${SECRET}"`, "}}"),
};

describe("the value of an environment variable is never printed", () => {
  for (const [name, text] of Object.entries(FILES)) {
    test(name, () => {
      const problems = problemsOf({ [name]: text });
      expect(problems.length).toBeGreaterThan(0);
      expect(problems.join("\n")).not.toContain(SECRET);
    });
  }

  test("nor one from [defaults]", () => {
    const settings = lines("[defaults]", 'nice = "x"', `environment = { TOKEN = "${SECRET}", "A B" = "${SECRET}" }`);
    const problems = problemsOf({ "daemonsup.toml": settings, "web.toml": 'command = "true"' });
    expect(problems).toHaveLength(2);
    expect(problems.join("\n")).not.toContain(SECRET);
  });

  test("nor one from an environment file, nor a PATH of the service's own", () => {
    using place = makePlace({
      "web.toml": lines(
        'command = "no-such-program"',
        'environment_file = "my.env"',
        `environment = { PATH = "/${SECRET}" }`,
      ),
      "my.env": lines(`A="${SECRET}`, `export ${SECRET} = x`),
    });
    const result = loadDirectory(requestOf(place.directory), machine);
    if (result.tag === "rejected") throw new Error("rejected");
    expect(result.faults).toHaveLength(2);
    expect(JSON.stringify(result.faults.map((fault) => fault.problem.message))).not.toContain(SECRET);
  });
});

test("the line is shown with asterisks instead of values, and the caret stands right", () => {
  const text = '{"environment": {"TOKEN": "s3cr3t", "A": 5}, "command": "x", "nice": "x"}';
  expect(problemsOf({ "web.json": text })[1]).toBe(
    [
      'services.d/web.json:1:70: cannot parse "nice": got "x", want a whole number from -20 to 19',
      '  {"environment": {"TOKEN": ***, "A": ***}, "command": "x", "nice": "x"}',
      "                                                                    ^^^",
    ].join("\n"),
  );
});

test("a syntax error far from any variable shows its line", () => {
  const text = lines(
    "#!/usr/bin/env x",
    'environment_file = "a"',
    'environment = { A = "b" }',
    "[stop]",
    "timeout = 10s",
  );
  expect(problemsOf({ "web.toml": text })).toEqual([
    lines(
      'services.d/web.toml:5:13: cannot parse "web.toml": must be a newline',
      "  timeout = 10s",
      "              ^",
    ).trimEnd(),
  ]);
});
