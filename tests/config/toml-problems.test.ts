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
    lines('command = ["web"]', 'cgroup = "x"'),
    [
      lines(
        'services.d/web.toml:2:1: cannot parse "cgroup": this version of daemonsup does not know this key yet',
        '  cgroup = "x"',
        "  ^^^^^^",
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
];

describe("a definition in TOML shows where it is wrong, and what is wanted", () => {
  for (const [title, text, problems] of ROWS) {
    test(title, () => {
      expect(problemsOf({ "web.toml": text }).map((problem) => `${problem}\n`)).toEqual([...problems]);
    });
  }
});
