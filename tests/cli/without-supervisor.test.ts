import { expect, test } from "bun:test";
import { runCommand } from "../../src/cli/run-command.ts";
import { literalWorld } from "./literal-world.ts";

test("what is to start with the machine is installed without the variables of this shell", async () => {
  const world = literalWorld({ uid: 0, env: { DAEMONSUP_RUNTIME_DIR: "/tmp/mine" } });
  expect(await runCommand(["install", "--print", "--manager", "openrc", "/etc/services.d"], world)).toBe(0);
  expect(world.written.out).toContain("\npidfile=/run/daemonsup/supervisor.pid\n");
});

test("of a name of which nothing is kept nobody is told that nothing has happened to it", async () => {
  const world = literalWorld({
    readHistory: () => Promise.resolve({ tag: "list", lines: [], unknown: ["wbe"], services: ["web"] }),
  });
  expect(await runCommand(["history", "wbe"], world)).toBe(5);
  expect(world.written).toEqual({
    out: "",
    err: expect.stringContaining('cannot show "wbe": nothing is kept of it (did you mean "web"?)\n'),
  });
});
