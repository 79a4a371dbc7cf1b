import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { renderProblem } from "../../src/config/problem.ts";
import { definitionOf, lines, makePlace, mustLoad, problemsIn, problemsOf } from "./load-texts.ts";

/** The first line of each problem of a web.toml, without the name of the file. */
function messagesOf(...text: string[]): (string | undefined)[] {
  return problemsOf({ "web.toml": lines(...text) }).map((problem) =>
    problem.split("\n")[0]?.replace("services.d/web.toml:", ""),
  );
}

describe("variables in values", () => {
  test("are filled in everywhere from the environment table", () => {
    const web = definitionOf(
      "web.toml",
      lines(
        'command = ["serve", "--port=${PORT}", "${NONE:-a b}", "${EMPTY:-${PORT}}"]',
        'environment = { PORT = "8080", EMPTY = "", WAIT = "5s", URL = "http://x:${PORT}/${PATH_:-}" }',
        'directory = "/srv/${PORT}"',
        "[stop]",
        'timeout = "${WAIT}"',
        "[ready]",
        'http = "http://127.0.0.1:${PORT}/"',
      ),
    );
    expect(web.command).toEqual(["serve", "--port=8080", "a b", "8080"]);
    expect(web.environment).toEqual({ PORT: "8080", EMPTY: "", WAIT: "5s", URL: "http://x:8080/" });
    expect([web.directory, web.stop.timeout as number, web.ready?.method]).toEqual([
      "/srv/8080",
      5000,
      { tag: "http", url: "http://127.0.0.1:8080/" },
    ]);
  });

  test("come from environment files too, the later of which wins, and the table over all", () => {
    using place = makePlace({
      "web.toml": lines(
        'command = ["x", "${A}", "${B}", "${C}"]',
        'environment_file = ["${DIR}/1.env", { path = "2.env", optional = true }, { path = "no.env", optional = true }]',
        'environment = { DIR = "sub/..", C = "table", A = "${A}+" }',
      ),
      "1.env": "A=one\nB=one\nC=one\n",
      "2.env": "B=two\n",
    });
    const result = mustLoad(place.load());
    expect(result.definitions[0]?.command).toEqual(["x", "one+", "two", "table"]);
    expect(result.used).toEqual(["1.env", "2.env", "no.env"].map((name) => join(place.directory, name)));
  });

  test("come from [defaults], and may be used there", () => {
    using place = makePlace({
      "daemonsup.toml": lines(
        "[defaults]",
        'directory = "/srv/${WHO}"',
        'stop.timeout = "${WAIT}"',
        'environment = { WAIT = "3s", WHO = "all" }',
      ),
      "web.toml": 'command = "true"\nenvironment = { WHO = "web" }\n',
    });
    expect(mustLoad(place.load()).definitions[0]).toMatchObject({ directory: "/srv/web", stop: { timeout: 3000 } });
  });

  test("never come from the environment of the supervisor", () => {
    expect(process.env["PATH"]).toBeDefined();
    expect(messagesOf('command = ["x", "${PATH}"]')).toEqual([
      '1:17: cannot parse "command[1]": there is no variable "PATH" in "environment" or "environment_file"',
    ]);
  });

  test("do not split into words, and quotes in a command are those of a shell", () => {
    const web = definitionOf(
      "web.toml",
      lines(
        `command = """x ${"${TWO}"} "${"${TWO}"}!" '${"${TWO}"} $$' \\\\${"${TWO}"} ${"${NO:-c d}"} "$HOME" $$TWO"""`,
        'environment.TWO = "a b"',
      ),
    );
    expect(web.command).toEqual(["x", "a b", "a b!", "${TWO} $$", "${TWO}", "c d", "$HOME", "$TWO"]);
  });

  test("are written out with two dollars; a shell's own number in a command may stay", () => {
    const web = definitionOf(
      "web.toml",
      lines(
        'command = ["sh", "-c", "echo $${X} $$HOME $5 $HOME $(id); kill $$", "$$$${X}", "$$$${Y:-z}"]',
        'environment = { X = "x", PRICE = "$$5, 5$$, $", BOTH = "$$$${X} $$${X}" }',
      ),
    );
    expect(web.command).toEqual(["sh", "-c", "echo ${X} $HOME $5 $HOME $(id); kill $$", "$${X}", "$${Y:-z}"]);
    expect(web.environment).toEqual({ X: "x", PRICE: "$5, 5$, $", BOTH: "$${X} $x" });
  });

  test("in a variable called command are those of a variable", () => {
    const { environment } = definitionOf(
      "web.toml",
      lines('command = "x"', 'environment = { command = "a ${B} c", B = "b" }'),
    );
    expect(environment).toEqual({ command: "a b c", B: "b" });
  });

  test("in an instance may be named after it", () => {
    using place = makePlace({
      "web@.toml": 'command = ["x", "${PORT_%i}"]\ninstances = 2\nenvironment = { PORT_1 = "81", PORT_2 = "82%%i" }\n',
    });
    expect(mustLoad(place.load()).definitions.map(({ command }) => command[1])).toEqual(["81", "82%i"]);
  });
});

describe("a variable that cannot be filled in", () => {
  test("is shown where it stands, with the one that was probably meant", () => {
    expect(problemsOf({ "web.toml": 'command = "true"\nuser = "${USR}"\nenvironment = { USER = "x" }\n' })).toEqual([
      [
        'services.d/web.toml:2:8: cannot parse "user": there is no variable "USR" in "environment" or "environment_file"',
        '  user = "${USR}"',
        "         ^^^^^^^^",
        '  did you mean "USER"?',
      ].join("\n"),
    ]);
    expect(problemsOf({ "web.toml": 'command = ["sh", "-c", "${x}"]' })[0]?.split("\n").at(-1)).toBe(
      '  write "$${x}" if the text is meant, or "${x:-}" if it may be missing',
    );
  });

  test("is one of a shell's other forms", () => {
    const want = 'want "${NAME}" or "${NAME:-default}"';
    for (const form of ["${1}", "${#A}", "${A%x}", "${A:+x}", "${A", "${}"])
      expect(messagesOf(`command = ["sh", "-c", '${form}']`)).toEqual([`1:24: cannot parse "command[2]": ${want}`]);
  });

  test("is part of a circle, which is told once", () => {
    expect(messagesOf('command = ["x", "${A}"]', "[environment]", 'A = "${B}"', 'B = "${C}"', 'C = "${A}"')).toEqual([
      '5:5: cannot parse "environment.C": it goes round in a circle: "A", "B", "C", "A"',
    ]);
  });

  test("names itself, and no file has it", () => {
    expect(messagesOf('command = "x"', 'environment.A = "${A}"')).toEqual([
      '2:17: cannot parse "environment.A": there is no variable "A" in "environment" or "environment_file"',
    ]);
  });

  test("hides nothing else that is wrong, and what depends on it is not judged", () => {
    expect(
      messagesOf(
        'command = ["x", "${X}"]',
        "nice = 99",
        'stop.timeout = "${A}"',
        'environment = { A = "${Y}" }',
        "pid_file = 5",
      ),
    ).toEqual([
      '1:17: cannot parse "command[1]": there is no variable "X" in "environment" or "environment_file"',
      '2:8: cannot parse "nice": got 99, want a whole number from -20 to 19',
      '4:21: cannot parse "environment.A": there is no variable "Y" in "environment" or "environment_file"',
      '5:12: cannot parse "pid_file": got 5, want the path of a file',
    ]);
    expect(messagesOf('command = "x"', 'type = "${T}"', 'pid_file = "/run/x"')).toHaveLength(1);
  });

  test("is not said to be perhaps the very one that names it", () => {
    const [problem = ""] = problemsOf({ "web.toml": 'command = "x"\nenvironment = { BB = "${B}", OTHER = "x" }\n' });
    expect(problem).toContain('there is no variable "B"');
    expect(problem).not.toContain("did you mean");
  });

  test("is a secret", () => {
    const secret = 'environment = { PW = { file = "/pw" } }';
    expect(messagesOf('command = ["x", "${PW}"]', secret)).toEqual([
      '1:17: cannot parse "command[1]": "PW" is a secret, which is read at each start and goes into the environment alone',
    ]);
  });

  test("would stand in the path of the very files", () => {
    expect(messagesOf('command = "x"', 'environment_file = "${A}"')).toEqual([
      '2:20: cannot parse "environment_file": there is no variable "A" in "environment" or "environment_file"',
    ]);
  });

  test("grows without bound", () => {
    const doubled = Array.from({ length: 30 }, (_, index) => `A${index + 1} = "\${A${index}}\${A${index}}"`);
    expect(messagesOf('command = "x"', "[environment]", 'A0 = "0123456789"', ...doubled)).toEqual([
      '17:7: cannot parse "environment.A14": want at most 131071 characters once its variables are filled in',
    ]);
  });

  test("costs only its service where a file is missing that may hold it", () => {
    using place = makePlace({
      "web.toml": lines('command = ["x", "${A}"]', 'environment_file = "no.env"', 'stop.timeout = "${WAIT}"'),
      "fine.toml": 'command = "true"\n',
    });
    const result = mustLoad(place.load());
    expect(result.definitions.map(({ name }) => name)).toEqual(["fine", "web"]);
    expect(result.faults.map(({ service, problem }) => [service, problem.message])[0]).toEqual([
      "web",
      `cannot use "command[0]": there is no program "x" in /usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`,
    ]);
    expect(result.faults[1]?.problem.message).toContain("no.env");
  });
});

describe("the value of a variable is never shown", () => {
  const VALUE = "s3cr3t";
  const TEXTS: readonly (readonly [title: string, text: readonly string[]])[] = [
    [
      "in what is wrong with a key",
      ['command = "true"', 'stop.timeout = "${V}"', 'umask = "0${V}"', 'sockets.a.listen = "${V}"'],
    ],
    ["in what two keys say together", ['command = "true"', 'restart = { delay = "${LONG}", max_delay = "${SHORT}" }']],
    ["in the name of a service", ['command = "true"', 'requires = ["${V}"]']],
    ["in a schedule", ['command = "true"', 'type = "oneshot"', 'schedule.cron = "${V} * * * *"']],
    [
      "in what the machine lacks",
      ['command = "/no/${V}/x"', 'user = "${V}"', 'directory = "/no/${V}"', 'log.file = "/no/${V}/x.log"'],
    ],
    ["in a path that was made of it", ['command = "true"', 'directory = "${DIR}"']],
    ["in a program that there is not", ['command = ["${V}"]', 'hooks.before_start = "${V}"']],
  ];
  for (const [title, text] of TEXTS) {
    test(title, () => {
      using place = makePlace({
        "web.toml": lines(
          ...text,
          "[environment]",
          `V = "${VALUE}"`,
          `LONG = "8640123s"`,
          `SHORT = "8640122ms"`,
          `DIR = "/no/./${VALUE}/"`,
        ),
      });
      const result = place.load({ isRoot: true });
      const problems = result.tag === "rejected" ? result.problems : result.faults.map((fault) => fault.problem);
      expect(problems.length).toBeGreaterThan(0);
      expect(problems.map(renderProblem).join("\n")).not.toMatch(/s3cr3t|864012/);
    });
  }

  test("but what was written is", () => {
    using place = makePlace({
      "web.toml": lines('command = "true"', "nice = 99", 'stop.timeout = "${V}"', `environment.V = "${VALUE}"`),
    });
    expect(problemsIn(place)[1]).toBe(
      [
        'services.d/web.toml:3:16: cannot parse "stop.timeout": got "${V}", want a number with a unit, like "10s"',
        '  stop.timeout = "${V}"',
        "                 ^^^^^^",
      ].join("\n"),
    );
  });
});
