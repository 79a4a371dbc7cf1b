import { describe, expect, test } from "bun:test";
import { lines, problemsOf } from "./load-texts.ts";

/** The text of web.toml, and everything that is printed about it. */
type Row = readonly [title: string, text: string, problems: readonly string[]];

const ROWS: readonly Row[] = [
  [
    "a number without a unit",
    lines('command = ["web"]', "", "[stop]", 'timeout = "10"'),
    [
      lines(
        'services.d/web.toml:4:11: cannot parse "stop.timeout": got "10", want a number with a unit, like "10s"',
        '  timeout = "10"',
        "            ^^^^",
        '  did you mean "10s"?',
      ),
    ],
  ],
  [
    "a bare number of bytes",
    lines('command = ["web"]', "log.max_size = 1048576"),
    [
      lines(
        'services.d/web.toml:2:16: cannot parse "log.max_size": got 1048576, want a number with a unit, like "64KiB" or "10MiB"',
        "  log.max_size = 1048576",
        "                 ^^^^^^^",
        '  did you mean "1MiB"?',
      ),
    ],
  ],
  [
    "a mistyped key",
    lines('command = ["web"]', "critcal = true"),
    [
      lines(
        'services.d/web.toml:2:1: cannot parse "critcal": unknown key',
        "  critcal = true",
        "  ^^^^^^^",
        '  did you mean "critical"?',
      ),
    ],
  ],
  [
    "a mistyped key in an inline table",
    lines('command = ["web"]', 'stop = { timout = "1s" }'),
    [
      lines(
        'services.d/web.toml:2:10: cannot parse "stop.timout": unknown key',
        '  stop = { timout = "1s" }',
        "           ^^^^^^",
        '  did you mean "timeout"?',
      ),
    ],
  ],
  [
    "a key of a table at the top level",
    lines('command = ["web"]', 'scope = "main"'),
    [
      lines(
        'services.d/web.toml:2:1: cannot parse "scope": unknown key',
        '  scope = "main"',
        "  ^^^^^",
        '  did you mean "stop.scope"?',
      ),
    ],
  ],
  [
    "a key of a later version",
    lines('command = ["web"]', 'requires = ["db"]', "[log]", "compress = true"),
    [
      lines(
        'services.d/web.toml:2:1: cannot parse "requires": this version of daemonsup does not know this key yet',
        '  requires = ["db"]',
        "  ^^^^^^^^",
      ),
      lines(
        'services.d/web.toml:4:1: cannot parse "log.compress": this version of daemonsup does not know this key yet',
        "  compress = true",
        "  ^^^^^^^^",
      ),
    ],
  ],
  [
    "a mistyped value of a choice",
    lines('command = ["web"]', "[restart]", 'policy = "on-failur"'),
    [
      lines(
        'services.d/web.toml:3:10: cannot parse "restart.policy": got "on-failur", want one of "always", "on-failure", "on-abnormal" or "never"',
        '  policy = "on-failur"',
        "           ^^^^^^^^^^^",
        '  did you mean "on-failure"?',
      ),
    ],
  ],
  [
    "an unknown signal",
    lines('command = ["web"]', "[stop]", 'signal = "SIGTREM"'),
    [
      lines(
        'services.d/web.toml:3:10: cannot parse "stop.signal": got "SIGTREM", want the name of a signal, like "SIGTERM"',
        '  signal = "SIGTREM"',
        "           ^^^^^^^^^",
        '  did you mean "SIGTERM"?',
      ),
    ],
  ],
  [
    "wrong exits in a list",
    lines('command = ["web"]', 'restart.success = [0, 300, 1.5, "TERN"]'),
    [
      lines(
        'services.d/web.toml:2:23: cannot parse "restart.success[1]": got 300, want an exit code from 0 to 255 or the name of a signal',
        '  restart.success = [0, 300, 1.5, "TERN"]',
        "                        ^^^",
      ),
      lines(
        'services.d/web.toml:2:28: cannot parse "restart.success[2]": got 1.5, want an exit code from 0 to 255 or the name of a signal',
        '  restart.success = [0, 300, 1.5, "TERN"]',
        "                             ^^^",
      ),
      lines(
        'services.d/web.toml:2:33: cannot parse "restart.success[3]": got "TERN", want the name of a signal, like "SIGTERM"',
        '  restart.success = [0, 300, 1.5, "TERN"]',
        "                                  ^^^^^^",
        '  did you mean "SIGTERM"?',
      ),
    ],
  ],
  [
    "a string that needs a shell",
    lines('command = "cat x | wc"'),
    [
      lines(
        'services.d/web.toml:1:11: cannot parse "command": got "cat x | wc", want no unquoted "|", as no shell runs here',
        '  command = "cat x | wc"',
        "            ^^^^^^^^^^^^",
        '  write ["/bin/sh", "-c", "cat x | wc"]',
      ),
    ],
  ],
  [
    "a command that is missing",
    lines('description = "x"'),
    [
      'services.d/web.toml:1:1: cannot parse "command": it is missing, want a list, like ["/usr/bin/api", "--port", "8080"], or one string\n',
    ],
  ],
  [
    "a key of the top level below a table",
    lines("[stop]", "user = 'alice'", "command = ['web']"),
    [
      'services.d/web.toml:1:1: cannot parse "command": it is missing, want a list, like ["/usr/bin/api", "--port", "8080"], or one string\n',
      lines(
        'services.d/web.toml:2:1: cannot parse "stop.user": unknown key',
        "  user = 'alice'",
        "  ^^^^",
        '  did you mean "user" at the top level? In TOML it stands above the first [table]',
      ),
    ],
  ],
  [
    "half of a pair that is missing",
    lines('command = ["web"]', "[restart.limit]", "count = 3"),
    [
      lines(
        'services.d/web.toml:2:10: cannot parse "restart.limit.within": it is missing, want a number with a unit, like "10s"',
        "  [restart.limit]",
        "           ^^^^^",
      ),
    ],
  ],
  [
    "a number among the arguments",
    lines('command = ["web", "--port", 8080]'),
    [
      lines(
        'services.d/web.toml:1:29: cannot parse "command[2]": got 8080, want a string',
        '  command = ["web", "--port", 8080]',
        "                              ^^^^",
        '  did you mean "8080"?',
      ),
    ],
  ],
  [
    "an empty command",
    lines("command = []"),
    [
      lines(
        'services.d/web.toml:1:11: cannot parse "command": got 0 entries, want a program to run',
        "  command = []",
        "            ^^",
      ),
    ],
  ],
  [
    "a umask that is a number",
    lines('command = ["web"]', "umask = 22"),
    [
      lines(
        'services.d/web.toml:2:9: cannot parse "umask": got 22, want octal digits in quotes, like "022"',
        "  umask = 22",
        "          ^^",
      ),
    ],
  ],
  [
    "numbers beyond their limits",
    lines('command = ["web"]', "nice = 20", "oom_score_adjust = -1001", 'stop.timeout = "2d"', "log.keep = 1001"),
    [
      lines(
        'services.d/web.toml:2:8: cannot parse "nice": got 20, want a whole number from -20 to 19',
        "  nice = 20",
        "         ^^",
      ),
      lines(
        'services.d/web.toml:3:20: cannot parse "oom_score_adjust": got -1001, want a whole number from -1000 to 1000',
        "  oom_score_adjust = -1001",
        "                     ^^^^^",
      ),
      lines(
        'services.d/web.toml:4:16: cannot parse "stop.timeout": got "2d", want at most "1d"',
        '  stop.timeout = "2d"',
        "                 ^^^^",
      ),
      lines(
        'services.d/web.toml:5:12: cannot parse "log.keep": got 1001, want a whole number from 0 to 1000',
        "  log.keep = 1001",
        "             ^^^^",
      ),
    ],
  ],
  [
    "resource limits that cannot be",
    lines('command = ["web"]', "[limits]", "nofile = 'unlimited'", "as = { soft = 5, hard = 2 }", "cpu = -1"),
    [
      lines(
        'services.d/web.toml:3:10: cannot parse "limits.nofile": got "unlimited", want a number of descriptors up to 1073741816',
        "  nofile = 'unlimited'",
        "           ^^^^^^^^^^^",
      ),
      lines(
        'services.d/web.toml:4:6: cannot parse "limits.as": got a table, want a soft limit that is not above the hard one',
        "  as = { soft = 5, hard = 2 }",
        "       ^^^^^^^^^^^^^^^^^^^^^^",
      ),
      lines(
        'services.d/web.toml:5:7: cannot parse "limits.cpu": got -1, want a number of seconds or "unlimited"',
        "  cpu = -1",
        "        ^^",
      ),
    ],
  ],
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
        'services.d/web.toml:3:15: cannot parse "log.to[0]": got "世界", want one of "file" or "syslog"',
        '  log = { to = ["世界"] }',
        "                ^^^^^^",
      ),
    ],
  ],
];

describe("a definition in TOML shows where it is wrong, and what is wanted", () => {
  for (const [title, text, problems] of ROWS) {
    test(title, () => {
      expect(problemsOf({ "web.toml": text }).map((problem) => `${problem}\n`)).toEqual([...problems]);
    });
  }
});
