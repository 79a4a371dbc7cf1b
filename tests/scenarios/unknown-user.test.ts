import { expect, test } from "bun:test";
import { chmodSync, chownSync } from "node:fs";
import { program } from "./definitions.ts";
import { skipReason } from "./loud-skip.ts";
import { BINARY, run, TestPlace, TestSupervisor } from "./test-supervisor.ts";

const needsRoot = skipReason("a user of whom the machine knows nothing", [
  [process.getuid?.() === 0, "only root can become one"],
  [Bun.which("setpriv") !== null, "there is no setpriv"],
]);

/** In front of a command: as in a container that is run as any number, without HOME. */
const AS_NOBODY_KNOWN = ["setpriv", "--reuid=54321", "--regid=54321", "--clear-groups", "env", "-u", "HOME"];

test.skipIf(needsRoot !== null)(
  "a user of whom the machine knows nothing gets help, reasons, and a supervisor",
  async () => {
    using place = new TestPlace({ "web.toml": program(["sleep", "1000"]) });
    chmodSync(place.directory, 0o755);
    chownSync(place.directory, 54321, 54321);
    expect((await run([...AS_NOBODY_KNOWN, BINARY, "help"])).stdout).toContain("daemonsup --config");
    const refused = await run([...AS_NOBODY_KNOWN, BINARY, "--config", place.config]);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(
      /^cannot use runtime directory "\/\.local\/state\/.*": it cannot be made: EACCES: permission denied\n$/,
    );
    await using supervisor = await TestSupervisor.connect((await place.start({ wrapper: AS_NOBODY_KNOWN })).place);
    expect((await supervisor.until("web", ({ state }) => state === "up")).pid).not.toBeNull();
  },
);
