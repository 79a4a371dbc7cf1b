import { describe, expect, test } from "bun:test";
import { resolve } from "node:path";
import { type PlaceRequest, absolutePath, controlSocketOf, directoriesOf, pidFileOf } from "../../src/core/paths.ts";

const NOBODY_ELSE = { runtime: null, state: null, log: null };
const ROOT: PlaceRequest = {
  uid: 0,
  host: "box",
  home: "/root",
  stateHome: null,
  name: null,
  overrides: NOBODY_ELSE,
};
const USER: PlaceRequest = { ...ROOT, uid: 1000, home: "/home/ann" };

describe("a supervisor's directories", () => {
  test("are those of the system for root, whatever XDG_STATE_HOME says", () => {
    const expected = { runtime: "/run/daemonsup", state: "/var/lib/daemonsup", log: "/var/log/daemonsup" };
    expect(directoriesOf(ROOT)).toEqual(expected);
    expect(directoriesOf({ ...ROOT, stateHome: "/elsewhere" })).toEqual(expected);
  });

  test("are below the home of anybody else, one runtime directory a host", () => {
    const top = "/home/ann/.local/state/daemonsup";
    expect(directoriesOf(USER)).toEqual({ runtime: `${top}/run/box`, state: `${top}/state`, log: `${top}/log` });
  });

  test("follow XDG_STATE_HOME if it is absolute", () => {
    expect(directoriesOf({ ...USER, stateHome: "/data" }).log).toBe("/data/daemonsup/log");
    expect(directoriesOf({ ...USER, stateHome: "data" }).log).toBe("/home/ann/.local/state/daemonsup/log");
    expect(directoriesOf({ ...USER, stateHome: "" }).log).toBe("/home/ann/.local/state/daemonsup/log");
  });

  test("of a second supervisor lie below instances", () => {
    expect(directoriesOf({ ...ROOT, name: "two" })).toEqual({
      runtime: "/run/daemonsup/instances/two",
      state: "/var/lib/daemonsup/instances/two",
      log: "/var/log/daemonsup/instances/two",
    });
  });

  test("are what was asked for, one by one and as it is, also with a name", () => {
    const request = { ...ROOT, name: "two", overrides: { runtime: "/a", state: null, log: "/c" } };
    expect(directoriesOf(request)).toEqual({ runtime: "/a", state: "/var/lib/daemonsup/instances/two", log: "/c" });
  });

  test("hold the control socket and the pid file", () => {
    expect(controlSocketOf("/run/daemonsup")).toBe("/run/daemonsup/control.sock");
    expect(pidFileOf("/run/daemonsup")).toBe("/run/daemonsup/supervisor.pid");
  });
});

test.each(["x", "./x", "../x", "../../../x", "a//b/./c/..", "/", "/..", "/a/../b/", "", ".", "a b/\u00e9"])(
  "%j seen from a directory is what path.resolve makes of it",
  (path) => {
    for (const base of ["/", "/srv/services", "/srv/../etc/"])
      expect(absolutePath(base, path)).toBe(resolve(base, path));
  },
);
