/* What `daemonsup upgrade` says and waits for. */
import { expect, test } from "bun:test";
import { runCommand } from "../../src/cli/run-command.ts";
import type { ControlPort, VersionView } from "../../src/control/control-port.ts";
import type { UpgradeView } from "../../src/core/upgrade.ts";
import { literalPort } from "../control/literal-port.ts";
import { serveTemporarily } from "../control/temporary-server.ts";
import { literalWorld } from "./literal-world.ts";

const BEGUN: UpgradeView = {
  at: "2026-01-02T03:04:06.000Z",
  from: "9.9.9",
  to: "10.0.0",
  binary: "/opt/new",
  result: "begun",
  message: null,
};

async function upgrade(words: string, changes: Partial<ControlPort>) {
  await using server = serveTemporarily(literalPort([], changes));
  const world = literalWorld({ env: { DAEMONSUP_RUNTIME_DIR: server.directory } });
  const exit = await runCommand(["upgrade", ...words.split(" ").filter(Boolean)], world);
  return { exit, ...world.written };
}

/** A supervisor that begins an upgrade when it is asked, and has decided it the next time that somebody looks. */
function deciding(decided: UpgradeView): { asked: (string | null)[]; port: Partial<ControlPort> } {
  const version = literalPort([]).version();
  const asked: (string | null)[] = [];
  let views: VersionView[] = [version];
  const port: Partial<ControlPort> = {
    version: () => (views.length > 1 ? views.shift() : views[0]) ?? version,
    upgrade(binary) {
      asked.push(binary);
      views = [
        { ...version, upgrade: BEGUN },
        { ...version, since: "2026-01-02T03:04:07.000Z", upgrade: decided },
      ];
      return Promise.resolve({ tag: "begun", upgrade: BEGUN });
    },
  };
  return { asked, port };
}

test("waits until the new program is at work, and tells of both versions", async () => {
  const { asked, port } = deciding({ ...BEGUN, result: "done" });
  expect(await upgrade("--binary /opt/new", port)).toEqual({
    exit: 0,
    out: "upgraded from version 9.9.9 to version 10.0.0 (/opt/new)\n",
    err: "",
  });
  expect(asked).toEqual(["/opt/new"]);
});

test("without a path means what the supervisor was started from; a relative one is that of the caller", async () => {
  const { asked, port } = deciding({ ...BEGUN, result: "done" });
  await upgrade("", port);
  await upgrade("--binary new/daemonsup", port);
  expect(asked).toEqual([null, `${literalWorld({}).cwd}/new/daemonsup`]);
});

test("tells why the old program goes on", async () => {
  const { port } = deciding({ ...BEGUN, result: "failed", message: "pid 7 killed by SIGSEGV" });
  const message = 'cannot upgrade to "/opt/new": pid 7 killed by SIGSEGV; version 9.9.9 goes on';
  expect(await upgrade("", port)).toEqual({ exit: 1, out: "", err: `${message}\n` });
  const { port: again } = deciding({ ...BEGUN, result: "failed", message: "pid 7 killed by SIGSEGV" });
  const { out } = await upgrade("--json", again);
  expect(JSON.parse(out)).toMatchObject({ result: "failed", message, upgrade: { result: "failed", to: "10.0.0" } });
});

test("tells why nothing was begun", async () => {
  const port: Partial<ControlPort> = {
    upgrade: () => Promise.resolve({ tag: "refused", message: 'cannot upgrade to "/x": it is a directory' }),
  };
  expect(await upgrade("--binary /x", port)).toEqual({
    exit: 1,
    out: "",
    err: 'cannot upgrade to "/x": it is a directory\n',
  });
});

test("does not wait for ever for one that is not decided", async () => {
  const { port } = deciding(BEGUN);
  expect(await upgrade("--timeout 50ms", port)).toMatchObject({ exit: 124, out: "" });
});

test("ends when another supervisor is there that knows of no upgrade", async () => {
  const version = literalPort([]).version();
  let since = version.since;
  const port: Partial<ControlPort> = {
    version: () => ({ ...version, since }),
    upgrade() {
      since = "2026-01-02T03:04:07.000Z";
      return Promise.resolve({ tag: "begun", upgrade: BEGUN });
    },
  };
  expect(await upgrade("", port)).toMatchObject({ exit: 1, err: expect.stringContaining("ask again") });
});
