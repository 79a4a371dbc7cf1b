import { describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DEFAULT_PATH, resolveProgram } from "../../src/config/resolve-program.ts";
import { renderProblem } from "../../src/config/problem.ts";
import { loadDirectory } from "../../src/config/load-directory.ts";
import type { LoadRequest } from "../../src/config/load-request.ts";
import { faultsOf, isRoot, lines, machine, makePlace, mustLoad, requestOf } from "./load-texts.ts";

test("what the machine lacks rejects nothing, and is told of the one service at its place", () => {
  const text = lines(
    'command = ["/no/such/web", "-x"]',
    'user = "bob"',
    'group = "wheel"',
    'groups = ["video", "disk"]',
    'directory = "/no/such"',
    'environment_file = ["missing.env", { path = "optional.env", optional = true }]',
    "[stop]",
    'command = "no-such-program now"',
    "[log]",
    'file = "/no/such/log/web.log"',
  );
  using place = makePlace({ "web.toml": text, "fine.toml": 'command = "true"' });
  const result = mustLoad(place.load({ isRoot: true }));
  expect(result.definitions.map(({ name }) => name)).toEqual(["fine", "web"]);
  expect(result.faults.map(({ service }) => service)).toEqual(Array(8).fill("web"));
  expect(result.faults.map(({ problem }) => renderProblem(problem).replaceAll(place.directory, "DIR"))).toEqual([
    lines(
      'services.d/web.toml:1:12: cannot use "command[0]": "/no/such/web": no such file or directory',
      '  command = ["/no/such/web", "-x"]',
      "             ^^^^^^^^^^^^^^",
    ).trimEnd(),
    lines(
      'services.d/web.toml:2:8: cannot use "user": there is no user "bob"',
      '  user = "bob"',
      "         ^^^^^",
    ).trimEnd(),
    lines(
      'services.d/web.toml:3:9: cannot use "group": there is no group "wheel"',
      '  group = "wheel"',
      "          ^^^^^^^",
    ).trimEnd(),
    lines(
      'services.d/web.toml:4:20: cannot use "groups[1]": there is no group "disk"',
      '  groups = ["video", "disk"]',
      "                     ^^^^^^",
    ).trimEnd(),
    lines(
      'services.d/web.toml:5:13: cannot use "directory": "/no/such": no such file or directory',
      '  directory = "/no/such"',
      "              ^^^^^^^^^^",
    ).trimEnd(),
    lines(
      'services.d/web.toml:6:21: cannot use "environment_file[0]": environment file "DIR/missing.env": no such file or directory',
      '  environment_file = ["missing.env", { path = "optional.env", optional = true }]',
      "                      ^^^^^^^^^^^^^",
    ).trimEnd(),
    lines(
      `services.d/web.toml:8:11: cannot use "stop.command[0]": there is no program "no-such-program" in ${DEFAULT_PATH}`,
      '  command = "no-such-program now"',
      "            ^^^^^^^^^^^^^^^^^^^^^",
    ).trimEnd(),
    lines(
      'services.d/web.toml:10:8: cannot use "log.file": "/no/such/log": no such file or directory',
      '  file = "/no/such/log/web.log"',
      "         ^^^^^^^^^^^^^^^^^^^^^^",
    ).trimEnd(),
  ]);
});

test("a user from [defaults] that does not exist is pointed at there, for each service", () => {
  const files = {
    "daemonsup.toml": '[defaults]\nuser = "bob"\n',
    "a.toml": 'command = "true"',
    "b.toml": 'command = "true"',
  };
  const fault = lines(
    'services.d/daemonsup.toml:2:8: cannot use "defaults.user": there is no user "bob"',
    '  user = "bob"',
    "         ^^^^^",
  ).trimEnd();
  expect(faultsOf(files)).toEqual([fault, fault]);
});

test("an environment file with a fault is told with its line", () => {
  using place = makePlace({
    "web.toml": 'command = "true"\nenvironment_file = "my.env"\n',
    "my.env": "A=1\nnonsense\n",
  });
  expect(mustLoad(place.load()).faults[0]?.problem.message).toBe(
    `cannot use "environment_file[0]": environment file "${place.directory}/my.env", line 2: want KEY=value`,
  );
});

test("who is not root cannot give a service another user or other groups", () => {
  using place = makePlace({ "web.toml": 'command = "true"\nuser = "alice"\ngroups = ["video"]\n' });
  const messagesFor = (changes: Partial<LoadRequest>): string[] => {
    const request = { ...requestOf(place.directory), ...changes };
    const result = loadDirectory(request, { ...machine, uidOf: (name) => (name === "alice" ? 1000 : null) });
    return mustLoad(result).faults.map((fault) => fault.problem.message);
  };
  const groups = 'cannot use "groups": only root can give a service other groups';
  expect(messagesFor({ isRoot: false, invokingUid: 1001 })).toEqual([
    'cannot use "user": only root can run a service as another user',
    groups,
  ]);
  expect(messagesFor({ isRoot: false, invokingUid: 1000 })).toEqual([groups]);
  expect(messagesFor({ isRoot: true, invokingUid: process.getuid?.() ?? 0 })).toEqual([]);
});

test("a script for the runtime has to be there, but not to be executable", () => {
  const clock = 'command = "clock.ts"\nruntime = "bun"\n';
  expect(faultsOf({ "clock.toml": clock })[0]?.split("\n")[0]).toBe(
    'services.d/clock.toml:1:11: cannot use "command[0]": no such file or directory',
  );
  expect(faultsOf({ "clock.toml": clock, "clock.ts": "" })).toEqual([]);
});

test("a service's own PATH decides where its program is found, that of the definition before that of a file", () => {
  using place = makePlace();
  const bin = join(place.directory, "../bin");
  mkdirSync(bin);
  writeFileSync(join(bin, "my-tool"), "#!/bin/sh\n", { mode: 0o755 });
  place.write("path.env", `PATH=${bin}\n`);
  place.write("a.toml", 'command = "my-tool"\nenvironment_file = "path.env"\n');
  place.write("b.toml", `command = "my-tool"\nenvironment = { PATH = "${bin}" }\n`);
  place.write("c.toml", 'command = "my-tool"\nenvironment_file = "path.env"\nenvironment = { PATH = "/nowhere" }\n');
  place.write("d.toml", 'command = "my-tool"\n');
  expect(mustLoad(place.load()).faults.map(({ service }) => service)).toEqual(["c", "d"]);
});

describe("the look-up of a program", () => {
  test("passes over what is no executable file, and over directories that are not absolute", () => {
    using place = makePlace();
    const [first, second] = [join(place.directory, "1"), join(place.directory, "2")];
    for (const directory of [first, second, join(first, "tool-dir")]) mkdirSync(directory);
    writeFileSync(join(first, "tool"), "", { mode: 0o644 });
    writeFileSync(join(second, "tool"), "", { mode: 0o755 });
    const search = `:.:relative:${first}:${second}`;
    expect(resolveProgram("tool", search)).toEqual({ tag: "found", path: join(second, "tool") });
    expect(resolveProgram("tool-dir", search)).toEqual({
      tag: "missing",
      reason: `there is no program "tool-dir" in the service's PATH`,
    });
    expect(resolveProgram("tool", first)).toEqual({
      tag: "missing",
      reason: `"tool" in the service's PATH: it is not executable`,
    });
    expect(resolveProgram("package.json", process.cwd().slice(1))).toMatchObject({ tag: "missing" });
  });

  test("takes a path as it is and says what is wrong with it", () => {
    using place = makePlace();
    const program = join(place.directory, "program");
    writeFileSync(program, "", { mode: 0o644 });
    expect(resolveProgram(program, "")).toEqual({ tag: "missing", reason: `"${program}": it is not executable` });
    expect(resolveProgram(place.directory, "")).toEqual({
      tag: "missing",
      reason: `"${place.directory}": it is a directory, want a program`,
    });
    expect(resolveProgram(`${program}/x`, "")).toEqual({
      tag: "missing",
      reason: `"${program}/x": a part of the path is no directory`,
    });
    chmodSync(program, 0o755);
    symlinkSync("program", join(place.directory, "link"));
    expect(resolveProgram(join(place.directory, "link"), "")).toEqual({
      tag: "found",
      path: join(place.directory, "link"),
    });
  });

  test("for another user takes any execute bit as enough", () => {
    using place = makePlace();
    const program = join(place.directory, "program");
    writeFileSync(program, "");
    chmodSync(program, 0o001);
    expect(resolveProgram(program, "", "other").tag).toBe("found");
    if (!isRoot) expect(resolveProgram(program, "", "self").tag).toBe("missing");
    chmodSync(program, 0o000);
    expect(resolveProgram(program, "", "other").tag).toBe("missing");
  });
});

test("a directory in which a socket is to be is worth a warning where it is missing", () => {
  const text = lines(
    'command = "true"',
    "[sockets]",
    'main.listen = "/no/such/web.sock"',
    'other.listen = "/tmp/web.sock"',
    'net.listen = "127.0.0.1:8080"',
  );
  using place = makePlace({ "web.toml": text });
  const { faults, warnings } = mustLoad(place.load());
  expect(faults).toEqual([]);
  expect(warnings.map(renderProblem)).toEqual([
    lines(
      'services.d/web.toml:3:15: cannot use "sockets.main.listen": "/no/such": no such file or directory, so its file cannot be made',
      '  main.listen = "/no/such/web.sock"',
      "                ^^^^^^^^^^^^^^^^^^^",
    ).trimEnd(),
  ]);
});
