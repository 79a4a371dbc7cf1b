import { describe, expect, test } from "bun:test";
import { lines, problemsOf } from "./load-texts.ts";

/** Lines of web.toml below its command, and the first line of each problem, without the name of the file. */
type Row = readonly [title: string, text: readonly string[], problems: readonly string[]];

const METHODS = 'one of "notify", "fd", "tcp", "http", "command" or "log"';
const ADDRESS = 'want an address, like "127.0.0.1:8080", "[::1]:8080", ":8080" or "/run/x.sock"';
const URL = 'want an address, like "http://127.0.0.1:8080/health"';

const ROWS: readonly Row[] = [
  ["[ready] without a method", ["[ready]", 'timeout = "5s"'], [`2:2: cannot parse "ready": want ${METHODS} in it`]],
  [
    "[ready] with two methods",
    ["[ready]", "notify = true", 'http = "http://127.0.0.1/"'],
    [`4:1: cannot parse "ready.http": there is "ready.notify" already, want only ${METHODS}`],
  ],
  [
    "[health] with a method of [ready]",
    ["[health]", "notify = true"],
    [
      '2:2: cannot parse "health": want one of "tcp", "http" or "command" in it',
      '3:1: cannot parse "health.notify": unknown key',
    ],
  ],
  [
    "a oneshot that is to be asked whether it is up",
    ['type = "oneshot"', "ready.notify = true", 'health.tcp = "127.0.0.1:80"', 'watchdog.timeout = "1s"'],
    [
      '3:1: cannot parse "ready": a oneshot has none, as it is done when it ends',
      '4:1: cannot parse "health": a oneshot has none, as it is done when it ends',
      '5:1: cannot parse "watchdog": a oneshot has none, as it is done when it ends',
    ],
  ],
  [
    "a descriptor for readiness that a passed socket has",
    ["ready.fd = 5", "fd_store = 2", "[sockets.a]", 'listen = ":80"'],
    [
      '2:12: cannot parse "ready.fd": got 5, want at least 6, as descriptors from 3 on are for passed sockets and stored descriptors',
    ],
  ],
  [
    "a descriptor that is the error output",
    ["ready.fd = 2"],
    ['2:12: cannot parse "ready.fd": got 2, want a whole number from 3 to 1023'],
  ],
  [
    "nobody's notifications beside a method that needs them",
    ["ready.notify = true", 'notify_access = "none"'],
    ['3:17: cannot parse "notify_access": got "none" beside "ready.notify", want "main", "exec" or "all"'],
  ],
  [
    "https, which would need certificates",
    ['ready.http = "https://127.0.0.1/"'],
    [`2:14: cannot parse "ready.http": got "https://127.0.0.1/", ${URL}, as no certificates are checked here`],
  ],
  [
    "an address of a check with a password",
    ['health.http = "http://me:pw@127.0.0.1/"'],
    [`2:15: cannot parse "health.http": got "http://me:pw@127.0.0.1/", ${URL}, without a user or a password`],
  ],
  [
    "a check of a port alone",
    ['health.tcp = ":8080"'],
    ['2:14: cannot parse "health.tcp": got ":8080", want a host and a port, like "127.0.0.1:8080"'],
  ],
  [
    "an address that is none",
    ['health.tcp = "127.0.0.256:80"'],
    ['2:14: cannot parse "health.tcp": got "127.0.0.256:80", want a host and a port, like "127.0.0.1:8080"'],
  ],
  [
    "a regular expression that is none",
    ['ready.log = "("'],
    ['2:13: cannot parse "ready.log": got "(", want a regular expression as JavaScript has them (with the flag "u")'],
  ],
  [
    "a regular expression beyond its limit",
    [`ready.log = "${"x".repeat(1001)}"`],
    [`2:13: cannot parse "ready.log": got "${"x".repeat(79)}…", want a regular expression of 1 to 1000 characters`],
  ],
  [
    "times of no length",
    [
      'ready = { notify = true, timeout = "0s" }',
      'watchdog.timeout = "0ms"',
      'schedule = { every = "10ms" }',
      'type = "oneshot"',
    ].slice(0, 2),
    [
      '2:36: cannot parse "ready.timeout": got "0s", want at least "1ms"',
      '3:20: cannot parse "watchdog.timeout": got "0ms", want at least "100ms"',
    ],
  ],
  [
    "a check that would be made only once",
    ['ready = { tcp = "127.0.0.1:80", interval = "5s", timeout = "5s" }'],
    [
      '2:44: cannot parse "ready.interval": got "5s", want less than the "5s" of "ready.timeout", as it would be checked only once',
    ],
  ],
  [
    "a check that would be made only once in the usual time for it",
    ['ready = { tcp = "127.0.0.1:80", interval = "60s" }'],
    [
      '2:44: cannot parse "ready.interval": got "60s", want less than "1m", which "ready.timeout" is unless it is written, as it would be checked only once',
    ],
  ],
  [
    "a check for which the usual pause is too long",
    ['ready = { tcp = "127.0.0.1:80", timeout = "200ms" }'],
    [
      '2:43: cannot parse "ready.timeout": got "200ms", want more than "200ms", which "ready.interval" is unless it is written, as it would be checked only once',
    ],
  ],
  [
    "how to start again what is never started again",
    ['restart = { policy = "never", delay = "1s", max_delay = "1m", limit = { count = 1, within = "1s" } }'],
    [
      '2:31: cannot parse "restart.delay": it says nothing beside policy = "never"',
      '2:45: cannot parse "restart.max_delay": it says nothing beside policy = "never"',
      '2:63: cannot parse "restart.limit": it says nothing beside policy = "never"',
    ],
  ],
  [
    "how to start again what is not even started again if it is unhealthy",
    ['health = { tcp = "127.0.0.1:80", action = "stop" }', 'restart = { policy = "never", delay = "1s" }'],
    ['3:31: cannot parse "restart.delay": it says nothing beside policy = "never"'],
  ],
  [
    "a schedule of a service that stays",
    ["[schedule]", 'every = "1h"'],
    ['2:2: cannot parse "schedule": only a oneshot has one, as only its runs come to an end by themselves'],
  ],
  [
    "a schedule that says nothing, or too much",
    ['type = "oneshot"', 'schedule = { jitter = "1s", timezone = "UTC" }'],
    [
      '3:1: cannot parse "schedule": want "cron" or "every" in it',
      '3:29: cannot parse "schedule.timezone": it says nothing without "schedule.cron"',
    ],
  ],
  [
    "cron beside every",
    ['type = "oneshot"', "[schedule]", 'cron = "@daily"', 'every = "1h"'],
    ['5:1: cannot parse "schedule.every": there is "schedule.cron" already, want only one of the two'],
  ],
  [
    "a schedule and a time zone that are none",
    ['type = "oneshot"', "[schedule]", 'cron = "61 * * * *"', 'timezone = "Europe/Berln"'],
    [
      '4:8: cannot parse "schedule.cron": got "61 * * * *", want a schedule, like "0 3 * * *" or "@daily": minute "61" is not from 0 to 59',
      '5:12: cannot parse "schedule.timezone": got "Europe/Berln", want a time zone, like "Europe/Berlin" or "UTC"',
    ],
  ],
  [
    "a socket without an address",
    ["[sockets.http]"],
    [`2:10: cannot parse "sockets.http.listen": it is missing, ${ADDRESS}`],
  ],
  [
    "addresses that are none",
    [
      "[sockets]",
      'a.listen = "80"',
      'b.listen = "localhost:80"',
      'c.listen = "*:80"',
      'd.listen = "@x"',
      'e.listen = ":0"',
    ],
    [
      `3:12: cannot parse "sockets.a.listen": got "80", ${ADDRESS}`,
      `4:12: cannot parse "sockets.b.listen": got "localhost:80", ${ADDRESS}`,
      `5:12: cannot parse "sockets.c.listen": got "*:80", ${ADDRESS}`,
      '6:12: cannot parse "sockets.d.listen": got "@x", want the path of a socket, as anybody may connect to an abstract one',
      `7:12: cannot parse "sockets.e.listen": got ":0", ${ADDRESS}`,
    ],
  ],
  [
    "a socket with a mistyped key and a mode that is a number",
    ["[sockets.http]", 'listen = ":80"', "mode = 666", "ondemand = true"],
    [
      '4:1: cannot parse "sockets.http.mode": only a Unix socket has one',
      '4:8: cannot parse "sockets.http.mode": got 666, want octal digits in quotes, like "0666"',
      '5:1: cannot parse "sockets.http.ondemand": unknown key',
    ],
  ],
  [
    "a name of a socket that LISTEN_FDNAMES cannot hold",
    ['[sockets."a:b"]', 'listen = ":80"'],
    ['2:10: cannot parse "sockets.a:b": want a name of at most 64 letters, digits, ".", "_" and "-"'],
  ],
  [
    "a path of a socket that is too long for the kernel",
    [`sockets.a.listen = "/${"x".repeat(107)}"`],
    [`2:20: cannot use "sockets.a.listen": "/${"x".repeat(78)}…" has 108 bytes, want at most 107 for a socket`],
  ],
  [
    "a hook that is neither a command nor a table of one",
    ["[hooks]", "before_start = 5", 'after_start = { timeout = "1s" }', 'on_failure = { command = "x", start = "y" }'],
    [
      '3:16: cannot parse "hooks.before_start": got 5, want a command, like ["/usr/bin/x", "-v"], or a table, like { command = "x", timeout = "10s" }',
      '4:1: cannot parse "hooks.after_start.command": it is missing, want a list, like ["/usr/bin/api", "--port", "8080"], or one string',
      '5:14: cannot parse "hooks.on_failure": got a table, want either "command" or "start"',
      '5:39: cannot use "hooks.on_failure.start": there is no service "y"',
    ],
  ],
  [
    "links that are no names",
    ['requires = "db"', 'wants = ["a b"]', 'after = ["x@"]', "before = [5]"],
    [
      '2:12: cannot parse "requires": got "db", want a list of names, like ["db", "cache"]',
      '3:10: cannot parse "wants[0]": got "a b", want the name of a service',
      '4:10: cannot parse "after[0]": got "x@", want an instance, like "NAME@1", as a template is no service',
      '5:11: cannot parse "before[0]": got 5, want the name of a service',
    ],
  ],
  [
    "a service that it needs and rules out",
    ['requires = ["db", { name = "cache" }]', 'wants = ["net"]', 'conflicts = ["net", "cache"]'],
    [
      '2:13: cannot use "requires[0]": there is no service "db"',
      '2:19: cannot parse "requires[1]": "cache" stands in "conflicts" as well',
      '2:19: cannot use "requires[1]": there is no service "cache"',
      '3:10: cannot parse "wants[0]": "net" stands in "conflicts" as well',
      '3:10: cannot use "wants[0]": there is no service "net"',
      '4:14: cannot use "conflicts[0]": there is no service "net"',
      '4:21: cannot use "conflicts[1]": there is no service "cache"',
    ],
  ],
  [
    "a service that stands somewhere twice",
    ['after = ["web2", "web2"]', 'requires = ["web2", { name = "web2" }]'],
    [
      '2:10: cannot use "after[0]": there is no service "web2"',
      '2:18: cannot parse "after[1]": "web2" stands in it twice',
      '2:18: cannot use "after[1]": there is no service "web2"',
      '3:13: cannot use "requires[0]": there is no service "web2"',
      '3:21: cannot parse "requires[1]": "web2" stands in it twice',
      '3:21: cannot use "requires[1]": there is no service "web2"',
    ],
  ],
  [
    "what nobody heeds in a socket of that kind",
    [
      'sockets.a = { listen = ":80", mode = "0600", owner = "root", group = "root" }',
      'sockets.b = { listen = "/run/b", reuse_port = true, mode = "0600" }',
      'sockets.c = { listen = ":80", type = "datagram", backlog = 5, reuse_port = true }',
    ],
    [
      '2:31: cannot parse "sockets.a.mode": only a Unix socket has one',
      '2:46: cannot parse "sockets.a.owner": only a Unix socket has one',
      '2:62: cannot parse "sockets.a.group": only a Unix socket has one',
      '3:34: cannot parse "sockets.b.reuse_port": only an address with a port has one',
      '4:50: cannot parse "sockets.c.backlog": only a stream socket has one',
    ],
  ],
  [
    "a pattern of a host whose bracket is not closed",
    ['condition.host = ["web[1-4]", "[", "db]"]'],
    [
      '2:31: cannot parse "condition.host[1]": got "[", want a pattern whose brackets are closed, like "web[1-4]"',
      '2:36: cannot parse "condition.host[2]": got "db]", want a pattern whose brackets are closed, like "web[1-4]"',
    ],
  ],
  [
    "a watch of nothing",
    ["watch.paths = []"],
    ['2:15: cannot parse "watch.paths": got an empty list, want a path to watch'],
  ],
];

describe("what is wrong with the life of a service is shown where it stands", () => {
  for (const [title, text, problems] of ROWS) {
    test(title, () => {
      const found = problemsOf({ "web.toml": lines('command = "true"', ...text) });
      expect(found.map((problem) => problem.split("\n")[0]?.replace("services.d/web.toml:", ""))).toEqual([
        ...problems,
      ]);
    });
  }
});

test("what was probably meant is suggested", () => {
  const suggestionFor = (...text: string[]): string | undefined =>
    problemsOf({ "web.toml": lines('command = "true"', ...text) })[0]
      ?.split("\n")
      .at(-1);
  expect(suggestionFor('sockets.a.listen = "80"')).toBe('  did you mean ":80"?');
  expect(suggestionFor('sockets.a.listen = "localhost:80"')).toBe('  did you mean "127.0.0.1:80"?');
  expect(suggestionFor('health.tcp = ":80"')).toBe('  did you mean "127.0.0.1:80"?');
  expect(suggestionFor('ready.http = "127.0.0.1:80/x"')).toBe('  did you mean "http://127.0.0.1:80/x"?');
  expect(suggestionFor('requires = "db"')).toBe('  did you mean ["db"]?');
  expect(suggestionFor("[sockets.http]", 'listen = ":80"', "ondemand = true")).toBe('  did you mean "on_demand"?');
  expect(suggestionFor("[hooks]", 'before_stat = "x"')).toBe('  did you mean "before_start"?');
  expect(suggestionFor('type = "oneshot"', 'schedule = { cron = "@daily", timezone = "Europe/Berln" }')).toBe(
    '  did you mean "Europe/Berlin"?',
  );
});
