/* A command of this version at a supervisor of an earlier one, as there is between an upgrade of the program and of the supervisor. */
import { expect, test } from "bun:test";
import { join } from "node:path";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { literalPort, viewOf } from "../control/literal-port.ts";
import { serveTemporarily } from "../control/temporary-server.ts";
import { literalWorld } from "./literal-world.ts";
import { run } from "./running.ts";

/** Runs the command at a supervisor of now, and at one that does not know the route of a page. */
async function runAtBoth(words: string) {
  await using now = serveTemporarily(literalPort([viewOf("web"), viewOf("db")]));
  const directory = mkdtempSync(join(tmpdir(), "daemonsup-older-"));
  const refused: string[] = [];
  const older = Bun.serve({
    unix: join(directory, "control.sock"),
    async fetch(request) {
      const { pathname, search } = new URL(request.url);
      if (!pathname.endsWith("/page")) return await now.fetch(`${pathname}${search}`);
      refused.push(pathname);
      return await now.fetch("/v1/nothing");
    },
  });
  try {
    const at = (runtime: string) => run(words, literalWorld({ env: { DAEMONSUP_RUNTIME_DIR: runtime } }));
    return { now: await at(now.directory), older: await at(directory), refused };
  } finally {
    await older.stop(true);
    rmSync(directory, { recursive: true, force: true });
  }
}

test("status of one service, and of all in detail, shows the same", async () => {
  for (const [words, pages] of [
    ["status web", 1],
    ["status --details", 2],
  ] as const) {
    const ran = await runAtBoth(words);
    expect(ran.older).toEqual(ran.now);
    expect(ran.older).toMatchObject({ exit: 0, out: expect.stringContaining("web - the web\n"), err: "" });
    expect(ran.refused).toHaveLength(pages);
  }
});

test("status of a name that there is not says so", async () => {
  const ran = await runAtBoth("status wbe");
  expect(ran.older).toEqual(ran.now);
  expect(ran.older).toMatchObject({ exit: 5, err: 'cannot show "wbe": no such service (did you mean "web"?)\n' });
});
