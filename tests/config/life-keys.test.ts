import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import type { Definition } from "../../src/core/definition.ts";
import { NO_HOOKS } from "../../src/core/life-policies.ts";
import { millis } from "../../src/core/units.ts";
import { definitionOf, lines, makePlace, mustLoad } from "./load-texts.ts";

/** What a simple service becomes with these lines in its definition. */
function withLines(...text: string[]): Definition {
  return definitionOf("web.toml", lines('command = "true"', ...text));
}

test("links are taken over in their order", () => {
  using place = makePlace({
    "web.toml": lines(
      'command = "true"',
      'requires = ["a", { name = "b", restart_with = true }, { name = "c" }]',
      'wants = ["d"]',
      'after = ["e", "f"]',
      'before = ["g"]',
      'conflicts = ["h"]',
    ),
    ...Object.fromEntries(Array.from("abcdefgh", (name) => [`${name}.toml`, 'command = "true"\nstart = "manual"\n'])),
  });
  const web = mustLoad(place.load()).definitions.find(({ name }) => name === "web");
  expect(web?.requires).toEqual([
    { name: "a", restartWith: false },
    { name: "b", restartWith: true },
    { name: "c", restartWith: false },
  ]);
  expect([web?.wants, web?.after, web?.before, web?.conflicts]).toEqual([["d"], ["e", "f"], ["g"], ["h"]]);
});

describe("[ready]", () => {
  const ROWS: readonly (readonly [text: string, method: unknown])[] = [
    ["notify = true", { tag: "notify" }],
    ["notify = false\nfd = 3", { tag: "fd", fd: 3 }],
    ['tcp = "127.0.0.1:5432"', { tag: "tcp", host: "127.0.0.1", port: 5432 }],
    ['tcp = "[::1]:1"', { tag: "tcp", host: "::1", port: 1 }],
    ['tcp = "localhost:65535"', { tag: "tcp", host: "localhost", port: 65_535 }],
    ['http = "http://[::1]:8080/x?y=z"', { tag: "http", url: "http://[::1]:8080/x?y=z" }],
    ["command = \"pg_isready -h 'a b'\"", { tag: "command", command: ["pg_isready", "-h", "a b"] }],
    ['log = "listening on \\\\d+"', { tag: "log", pattern: "listening on \\d+" }],
  ];
  for (const [text, method] of ROWS) {
    test(`by ${text.replace("\n", ", ")}`, () =>
      expect(withLines("[ready]", text).ready).toEqual({
        method: method as never,
        timeout: millis(60_000),
        interval: millis(200),
      }));
  }

  test("has any pause where nothing is checked, and one below its time where something is", () => {
    for (const told of ["notify = true", "fd = 3", 'log = "up"'])
      expect(withLines("[ready]", told, 'timeout = "5s"', 'interval = "5s"').ready?.interval).toBe(millis(5000));
    const checked = 'tcp = "127.0.0.1:80"';
    expect(withLines("[ready]", checked, 'timeout = "201ms"').ready?.timeout).toBe(millis(201));
    expect(withLines("[ready]", checked, 'interval = "59s"').ready?.interval).toBe(millis(59_000));
  });

  test("its command with a slash is beside the definition", () => {
    using place = makePlace({ "web.toml": 'command = "true"\nready.command = "bin/probe"\n' });
    expect(mustLoad(place.load()).definitions[0]?.ready?.method).toEqual({
      tag: "command",
      command: [join(place.directory, "bin/probe")],
    });
  });
});

test("[health] has the defaults that are documented, and takes its own values", () => {
  expect(withLines('health.tcp = "127.0.0.1:80"').health).toEqual({
    check: { tag: "tcp", host: "127.0.0.1", port: 80 },
    interval: millis(10_000),
    timeout: millis(1000),
    failures: 3,
    successes: 1,
    startPeriod: millis(0),
    action: "restart",
  });
  const written = withLines(
    "[health]",
    'command = ["check"]',
    'interval = "1m"',
    'timeout = "5s"',
    "failures = 1",
    "successes = 2",
    'start_period = "30s"',
    'action = "report"',
  );
  expect(written.health).toEqual({
    check: { tag: "command", command: ["check"] },
    interval: millis(60_000),
    timeout: millis(5000),
    failures: 1,
    successes: 2,
    startPeriod: millis(30_000),
    action: "report",
  });
});

test("a service that is never restarted may say how, as it is if it is unhealthy", () => {
  const health = ["[health]", 'tcp = "127.0.0.1:80"'];
  const never = ["[restart]", 'policy = "never"', 'delay = "5s"', "limit = { count = 3, within = '1m' }"];
  expect(withLines(...health, ...never).restart).toMatchObject({ policy: "never", delay: 5000, limit: { count: 3 } });
  expect(withLines(...health, 'action = "restart"', ...never).restart.delay).toBe(millis(5000));
});

describe("notifications count", () => {
  const ROWS: readonly (readonly [text: string, access: string])[] = [
    ["nice = 0", "none"],
    ['ready.tcp = "127.0.0.1:80"', "none"],
    ["ready.notify = true", "main"],
    ['watchdog.timeout = "30s"', "main"],
    ["fd_store = 4", "main"],
    ['ready.notify = true\nnotify_access = "all"', "all"],
    ['notify_access = "exec"', "exec"],
  ];
  for (const [text, access] of ROWS)
    test(`from ${access} with ${text.replace("\n", ", ")}`, () =>
      expect<string>(withLines(text).notifyAccess).toBe(access));
});

test("descriptors are kept as many as are said, over restarts unless it says always", () => {
  expect(withLines("fd_store = 16").descriptorStore).toEqual({ max: 16, keep: "restart" });
  expect(withLines('fd_store = { max = 2, keep = "always" }').descriptorStore).toEqual({ max: 2, keep: "always" });
});

test("sockets come in the order of their names, with their defaults", () => {
  using place = makePlace({
    "web.toml": lines(
      'command = "true"',
      "[sockets.web]",
      'listen = "[::1]:80"',
      "backlog = 5",
      "reuse_port = true",
      "on_demand = true",
      "[sockets.control]",
      'listen = "run/web.sock"',
      'mode = "0600"',
      'owner = "alice"',
      'group = "video"',
      "[sockets.dns]",
      'listen = ":53"',
      'type = "datagram"',
      "[sockets.events]",
      'listen = "/run/events.sock"',
      'type = "datagram"',
    ),
  });
  const plain = { backlog: 4096, reusePort: false, mode: 0o666, owner: null, group: null, onDemand: false };
  expect(mustLoad(place.load()).definitions[0]?.sockets).toEqual([
    {
      ...plain,
      name: "control",
      listen: { tag: "unix", path: join(place.directory, "run/web.sock") },
      mode: 0o600,
      owner: "alice",
      group: "video",
    },
    { ...plain, name: "dns", listen: { tag: "udp", host: "0.0.0.0", port: 53 } },
    { ...plain, name: "events", listen: { tag: "unix-datagram", path: "/run/events.sock" } },
    {
      ...plain,
      name: "web",
      listen: { tag: "tcp", host: "::1", port: 80 },
      backlog: 5,
      reusePort: true,
      onDemand: true,
    },
  ]);
});

test("a hook is a command or a table, and has a minute", () => {
  const { hooks } = withLines(
    "[hooks]",
    'before_start = "mkdir -p /run/x"',
    'after_start = ["a"]',
    'before_stop = { command = "b c", timeout = "5s" }',
    'after_stop = { command = ["d"] }',
    'on_failure = ["mail", "root"]',
  );
  const minute = millis(60_000);
  expect(hooks).toEqual({
    beforeStart: { command: ["mkdir", "-p", "/run/x"], timeout: minute },
    afterStart: { command: ["a"], timeout: minute },
    beforeStop: { command: ["b", "c"], timeout: millis(5000) },
    afterStop: { command: ["d"], timeout: minute },
    onFailure: { tag: "command", hook: { command: ["mail", "root"], timeout: minute } },
  });
});

test("on_failure starts another service; from [defaults] that one does not start itself", () => {
  using place = makePlace({
    "daemonsup.toml": '[defaults]\nhooks.on_failure = { start = "alert" }\n',
    "alert.toml": 'command = "true"\nhooks.before_start = "true"\n',
    "own.toml": 'command = "true"\nhooks.on_failure = { command = "x" }\n',
    "web.toml": 'command = "true"\n',
  });
  const [alert, own, web] = mustLoad(place.load()).definitions;
  expect(web?.hooks).toEqual({ ...NO_HOOKS, onFailure: { tag: "start", service: "alert" } });
  expect(alert?.hooks).toMatchObject({ beforeStart: { command: ["true"] }, onFailure: null });
  expect(own?.hooks.onFailure).toMatchObject({ tag: "command", hook: { command: ["x"] } });
});

test("conditions, schedules and watches are taken over", () => {
  const { condition, schedule, watch } = withLines(
    'type = "oneshot"',
    'condition = { path_exists = "/a", path_missing = ["/b"], file_not_empty = ["/c"], directory_not_empty = "/d/", host = "web*" }',
    'schedule = { cron = "0 3 * * mon-fri", timezone = "Europe/Berlin", jitter = "5m", catch_up = true, overlap = "queue" }',
    'watch = { paths = ["/e", "/f"], debounce = "2s", action = "reload" }',
  );
  expect(condition).toEqual({
    pathExists: ["/a"],
    pathMissing: ["/b"],
    fileNotEmpty: ["/c"],
    directoryNotEmpty: ["/d"],
    host: ["web*"],
  });
  expect(schedule).toEqual({
    cron: "0 3 * * mon-fri",
    every: null,
    timezone: "Europe/Berlin",
    jitter: millis(300_000),
    catchUp: true,
    overlap: "queue",
  });
  expect(watch).toEqual({ paths: ["/e", "/f"], debounce: millis(2000), action: "reload" });
  expect(withLines('type = "oneshot"', 'schedule.every = "15m"', 'watch.paths = "/x"')).toMatchObject({
    schedule: { cron: null, every: 900_000, timezone: null, jitter: 0, catchUp: false, overlap: "skip" },
    watch: { paths: ["/x"], debounce: 500, action: "restart" },
    condition: null,
  });
});
