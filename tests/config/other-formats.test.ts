import { describe, expect, test } from "bun:test";
import { definitionOf, lines, problemsOf } from "./load-texts.ts";

const YAML_ROWS: readonly (readonly [title: string, text: string, problems: readonly string[]])[] = [
  [
    "unknown keys, wrong values and missing ones",
    lines("comand: [sleep, 5]", "stop:", "  timeout: 10", "restart:", "  limit: {count: 2}"),
    [
      lines(
        'services.d/web.yaml:1:1: cannot parse "command": it is missing, want a list, like ["/usr/bin/api", "--port", "8080"], or one string',
      ),
      lines(
        'services.d/web.yaml:1:1: cannot parse "comand": unknown key',
        "  comand: [sleep, 5]",
        "  ^^^^^^",
        '  did you mean "command"?',
      ),
      lines(
        'services.d/web.yaml:3:12: cannot parse "stop.timeout": got 10, want a number with a unit, like "10s"',
        "    timeout: 10",
        "             ^^",
        '  did you mean "10s"?',
      ),
      lines(
        'services.d/web.yaml:5:3: cannot parse "restart.limit.within": it is missing, want a number with a unit, like "10s"',
        "    limit: {count: 2}",
        "    ^^^^^",
      ),
    ],
  ],
  [
    "a key given twice",
    lines("command: web", "nice: 1", "nice: 2"),
    [lines('services.d/web.yaml:3:1: cannot parse "web.yaml": this key was given before', "  nice: 2", "  ^^^^")],
  ],
  [
    "a number that YAML 1.1 would have read in octal",
    lines("command: web", "umask: 022"),
    [
      lines(
        'services.d/web.yaml:2:8: cannot parse "umask": got 22, want octal digits in quotes, like "022"',
        "  umask: 022",
        "         ^^^",
      ),
    ],
  ],
  [
    "a word that YAML 1.1 would have read as true",
    lines("command: web", "critical: yes"),
    [
      lines(
        'services.d/web.yaml:2:11: cannot parse "critical": got "yes", want true or false',
        "  critical: yes",
        "            ^^^",
        "  did you mean true?",
      ),
    ],
  ],
  [
    "a list instead of a table of keys",
    lines("- command", "- web"),
    ['services.d/web.yaml:1:1: cannot parse "web.yaml": want a table of keys and values\n'],
  ],
];

const JSON_ROWS: typeof YAML_ROWS = [
  [
    "unknown keys, wrong values and missing ones",
    lines("{", '  "comand": ["sleep"],', '  "stop": {"timeout": 10, "scop": "main"}', "}"),
    [
      lines(
        'services.d/web.json:1:1: cannot parse "command": it is missing, want a list, like ["/usr/bin/api", "--port", "8080"], or one string',
      ),
      lines(
        'services.d/web.json:2:3: cannot parse "comand": unknown key',
        '    "comand": ["sleep"],',
        "    ^^^^^^^^",
        '  did you mean "command"?',
      ),
      lines(
        'services.d/web.json:3:23: cannot parse "stop.timeout": got 10, want a number with a unit, like "10s"',
        '    "stop": {"timeout": 10, "scop": "main"}',
        "                        ^^",
        '  did you mean "10s"?',
      ),
      lines(
        'services.d/web.json:3:27: cannot parse "stop.scop": unknown key',
        '    "stop": {"timeout": 10, "scop": "main"}',
        "                            ^^^^^^",
        '  did you mean "scope"?',
      ),
    ],
  ],
  [
    "a key given twice",
    lines('{"command": "web", "nice": 1,', ' "nice": 2}'),
    [
      lines(
        'services.d/web.json:2:2: cannot parse "web.json": this key was given before',
        '   "nice": 2}',
        "   ^^^^^^",
      ),
    ],
  ],
  [
    "a comment",
    lines("{", "  // no", '  "command": "web"', "}"),
    [
      lines(
        'services.d/web.json:2:3: cannot parse "web.json": want a key in double quotes here (JSON has no comments and no comma after the last entry)',
        "    // no",
        "    ^",
      ),
    ],
  ],
  [
    "something after the end",
    '{"command": "web"} x',
    [
      lines(
        'services.d/web.json:1:20: cannot parse "web.json": want the end of the file here',
        '  {"command": "web"} x',
        "                     ^",
      ),
    ],
  ],
  [
    "an empty file",
    "",
    [
      'services.d/web.json:1:1: cannot parse "web.json": want a value here: a string in double quotes, a number, true, false, null, [ or {\n',
    ],
  ],
];

describe("YAML shows where it is wrong, and what is wanted", () => {
  for (const [title, text, problems] of YAML_ROWS) {
    test(title, () => expect(problemsOf({ "web.yaml": text }).map((problem) => `${problem}\n`)).toEqual([...problems]));
  }
});

describe("JSON shows where it is wrong, and what is wanted", () => {
  for (const [title, text, problems] of JSON_ROWS) {
    test(title, () => expect(problemsOf({ "web.json": text }).map((problem) => `${problem}\n`)).toEqual([...problems]));
  }
});

test("a YAML document that grows without bound by its aliases is refused", () => {
  const levels = ["a: &a0 [x, x, x, x, x, x, x, x, x, x]"];
  for (let level = 1; level < 12; level++)
    levels.push(
      `b${level}: &a${level} [${Array(10)
        .fill(`*a${level - 1}`)
        .join(", ")}]`,
    );
  expect(problemsOf({ "web.yaml": lines(...levels) })).toEqual([
    'services.d/web.yaml:1:1: cannot parse "web.yaml": an alias without an anchor, or too many aliases',
  ]);
});

test("several YAML documents in one file are refused", () => {
  expect(problemsOf({ "web.yaml": lines("command: web", "---", "command: web") })[0]).toStartWith(
    'services.d/web.yaml:2:1: cannot parse "web.yaml": source contains multiple documents',
  );
});

test("a definition nested without end is refused in every format", () => {
  const depth = 100_000;
  const nested = `${"[".repeat(depth)}${"]".repeat(depth)}`;
  expect(
    problemsOf(
      { "a.toml": `command = ${nested}`, "b.yaml": `command: ${nested}`, "c.json": `{"command": ${nested}}` },
      {},
    ).length,
  ).toBe(3);
});

test("the same definition in TOML, YAML and JSON is the same definition", () => {
  const value = {
    description: "the same",
    command: ["/bin/sleep", "5"],
    type: "forking",
    pid_file: "run/web.pid",
    critical: true,
    groups: ["video"],
    environment: { A: "1", B: "two words" },
    environment_file: ["a.env", { path: "b.env", optional: true }],
    restart: { policy: "on-failure", delay: "1s", limit: { count: 3, within: "1m" }, prevent: [78, "SIGKILL"] },
    limits: { nofile: 4096, core: "unlimited", stack: { soft: 1024, hard: "8MiB" } },
  };
  const toml = lines(
    'description = "the same"',
    'command = "/bin/sleep 5"',
    'type = "forking"',
    'pid_file = "run/web.pid"',
    "critical = true",
    'groups = ["video"]',
    'environment = { A = "1", B = "two words" }',
    'environment_file = ["a.env", { path = "b.env", optional = true }]',
    "[restart]",
    'policy = "on-failure"',
    'delay = "1s"',
    'limit = { count = 3, within = "1m" }',
    'prevent = [78, "KILL"]',
    "[limits]",
    "nofile = 4096",
    'core = "unlimited"',
    'stack = { soft = 1024, hard = "8MiB" }',
  );
  const yaml = lines(
    "# a comment",
    "description: the same",
    "command: [/bin/sleep, '5']",
    "type: forking",
    "pid_file: run/web.pid",
    "critical: true",
    "groups: &groups [video]",
    "environment: {A: '1', B: two words}",
    "environment_file: [a.env, {path: b.env, optional: true}]",
    "restart:",
    "  policy: on-failure",
    "  delay: 1s",
    "  limit: {count: 3, within: 1m}",
    "  prevent: [78, SIGKILL]",
    "limits: {nofile: 4096, core: unlimited, stack: {soft: 1024, hard: 8MiB}}",
  );
  const all = [
    definitionOf("web.toml", toml),
    definitionOf("web.yml", yaml),
    definitionOf("web.json", JSON.stringify(value)),
  ];
  const comparable = all.map((definition) => {
    const { source } = definition;
    return JSON.parse(
      JSON.stringify(definition)
        .replaceAll(source.slice(0, source.lastIndexOf("/")), "DIR")
        .replaceAll(/web\.(toml|yml|json)"/g, 'web"'),
    );
  });
  expect(comparable[1]).toEqual(comparable[0]);
  expect(comparable[2]).toEqual(comparable[0]);
  expect(comparable[0]).toMatchObject({
    pidFile: "DIR/run/web.pid",
    environment: { B: "two words" },
    restart: { delay: 1000 },
  });
});
