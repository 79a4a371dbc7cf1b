/* What `shutdown` waits for. */
import { expect, test } from "bun:test";
import { EXIT } from "../../src/core/exit-statuses.ts";
import { runCommand } from "../../src/cli/run-command.ts";
import { literalPort, viewOf } from "../control/literal-port.ts";
import { serveTemporarily } from "../control/temporary-server.ts";
import { literalWorld } from "./literal-world.ts";

const REMAINS =
  "cannot shut down: all services are stopped and the supervisor has ended, but its guardian (pid 4711) has not; until it has, nothing can be started in its place\n";

/** The pid file has a number for as long as the supervisor is there, and is locked for ever. */
async function shutDown(
  words: string,
): Promise<{ readonly exit: number; readonly err: string; readonly took: number }> {
  await using server = serveTemporarily(literalPort([viewOf("web")]));
  let looks = 0;
  const world = literalWorld({
    env: { DAEMONSUP_RUNTIME_DIR: server.directory },
    isLocked: () => true,
    pidIn: () => (++looks < 3 ? 4711 : null),
  });
  const began = performance.now();
  const exit = await runCommand(words.split(" "), world);
  return { exit, err: world.written.err, took: performance.now() - began };
}

test("a guardian that does not end is waited for only so long", async () => {
  const { exit, err, took } = await shutDown("shutdown");
  expect({ exit, err }).toEqual({ exit: EXIT.timedOut, err: REMAINS });
  expect(took).toBeGreaterThan(4_900);
});

test("and not for longer than the command is to take", async () => {
  const { exit, err, took } = await shutDown("shutdown --timeout 200ms");
  expect({ exit, err }).toEqual({ exit: EXIT.timedOut, err: REMAINS });
  expect(took).toBeLessThan(4_900);
});
