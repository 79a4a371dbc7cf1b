import { describe, expect, test } from "bun:test";
import { lines, problemsOf } from "./load-texts.ts";

/** The text of web.toml, and everything that is printed about it. */
type Row = readonly [title: string, text: string, problems: readonly string[]];

const ROWS: readonly Row[] = [
  [
    "forking without a pid file",
    lines('command = ["web"]', 'type = "forking"'),
    [
      lines(
        'services.d/web.toml:2:8: cannot parse "type": got "forking" without "pid_file", want the path of the file that the service writes its pid to',
        '  type = "forking"',
        "         ^^^^^^^^^",
      ),
    ],
  ],
  [
    "a pid file without forking",
    lines('command = ["web"]', 'pid_file = "/run/web.pid"'),
    [
      lines(
        'services.d/web.toml:2:1: cannot parse "pid_file": only a service of type "forking" has one',
        '  pid_file = "/run/web.pid"',
        "  ^^^^^^^^",
        '  write type = "forking", or take "pid_file" out',
      ),
    ],
  ],
  [
    "a oneshot that is always restarted, beside a fault of another kind",
    lines('command = ["web"]', 'type = "oneshot"', "nice = 'x'", "[restart]", 'policy = "always"'),
    [
      lines(
        'services.d/web.toml:3:8: cannot parse "nice": got "x", want a whole number from -20 to 19',
        "  nice = 'x'",
        "         ^^^",
      ),
      lines(
        'services.d/web.toml:5:10: cannot parse "restart.policy": got "always" for a oneshot, want "on-failure", "on-abnormal" or "never", as it would be run again and again without end',
        '  policy = "always"',
        "           ^^^^^^^^",
        '  did you mean "on-failure"?',
      ),
    ],
  ],
  [
    "a reload command without its action",
    lines('command = ["web"]', "[reload]", 'command = ["x"]'),
    [
      lines(
        'services.d/web.toml:3:1: cannot parse "reload.command": it would never run',
        '  command = ["x"]',
        "  ^^^^^^^",
        '  write action = "command" beside it',
      ),
    ],
  ],
  [
    "a reload action without its command",
    lines('command = ["web"]', "[reload]", 'action = "command"'),
    [
      lines(
        'services.d/web.toml:3:10: cannot parse "reload.action": got "command" without "reload.command", want the command to run',
        '  action = "command"',
        "           ^^^^^^^^^",
      ),
    ],
  ],
  [
    "a longest delay below the first",
    lines('command = ["web"]', 'restart = { delay = "2m", max_delay = "1m" }'),
    [
      lines(
        'services.d/web.toml:2:39: cannot parse "restart.max_delay": got "1m", want at least the "2m" of "restart.delay"',
        '  restart = { delay = "2m", max_delay = "1m" }',
        "                                        ^^^^",
      ),
    ],
  ],
  [
    "a date",
    lines('command = ["web"]', "start = 2026-01-01"),
    [
      lines(
        'services.d/web.toml:2:9: cannot parse "start": got a date or time, want one of "auto" or "manual"',
        "  start = 2026-01-01",
        "          ^^^^^^^^^^",
      ),
    ],
  ],
  [
    "a key given twice",
    lines('command = ["web"]', "nice = 1", "nice = 2"),
    [
      lines(
        'services.d/web.toml:3:1: cannot parse "web.toml": defining a key multiple times is invalid',
        "  nice = 2",
        "  ^",
      ),
    ],
  ],
  [
    "a string that does not end",
    lines('command = ["web]'),
    [
      lines(
        'services.d/web.toml:1:17: cannot parse "web.toml": unterminated string constant',
        '  command = ["web]',
        "                  ^",
      ),
    ],
  ],
  [
    "a number that is too large",
    lines('command = ["web"]', "nice = 99999999999999999"),
    [
      lines(
        'services.d/web.toml:2:8: cannot parse "web.toml": number too large',
        "  nice = 99999999999999999",
        "         ^^^^^^^^^^^^^^^^^",
      ),
    ],
  ],
  [
    "a key that would be lost",
    lines('command = ["web"]', "environment.__proto__ = 'x'"),
    [
      lines(
        'services.d/web.toml:2:13: cannot parse "environment.__proto__": unknown key',
        "  environment.__proto__ = ***",
        "              ^^^^^^^^^",
      ),
    ],
  ],
  [
    "a NUL character inside a string",
    lines('command = ["a\\u0000b"]'),
    [
      lines(
        'services.d/web.toml:1:12: cannot parse "command[0]": got "a\\u0000b", want a string without NUL characters of at most 131071 characters',
        '  command = ["a\\u0000b"]',
        "             ^^^^^^^^^^",
      ),
    ],
  ],
  [
    "text with Windows line ends, a byte order mark and wide characters",
    '\ufeffcommand = ["web"]\r\ndescription = "世界"\r\nlog = { to = ["世界"] }\r\n',
    [
      lines(
        'services.d/web.toml:3:15: cannot parse "log.to[0]": got "世界", want "file", "syslog", "service:NAME" or the name of a table below [log.sinks]',
        '  log = { to = ["世界"] }',
        "                ^^^^^^",
      ),
    ],
  ],
];

describe("what several keys say together, and what is no TOML at all, is shown at its place", () => {
  for (const [title, text, problems] of ROWS) {
    test(title, () => {
      expect(problemsOf({ "web.toml": text }).map((problem) => `${problem}\n`)).toEqual([...problems]);
    });
  }
});
