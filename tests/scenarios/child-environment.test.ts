/* Which of several values of a variable a service gets, and that none is changed on the way. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { program } from "./definitions.ts";
import { makeOpenDirectory, surroundings, surroundingsOf, telling } from "./surroundings.ts";
import { TestPlace, type TestSupervisor, untilTrue } from "./test-supervisor.ts";

/** Left as it is by everything that might expand, quote or split it. */
const STRANGE = {
  DOLLAR: "$HOME ${HOME:-x} $$ $(id) `id`",
  PERCENT: "%i %n %% 100%",
  QUOTES: `"double" 'single' \\ backslash`,
  SPACES: "  two  spaces\tand a tab ",
  EQUALS: "a=b=c",
  EMPTY: "",
  UNICODE: "Grüße, 世界 🎉",
  LINES: "first\nsecond",
};

describe.skipIf(surroundings === null)("the environment of a service", () => {
  let supervisor: TestSupervisor;
  const found = async (service: string) => (await surroundingsOf(supervisor.place, service)).environment;

  beforeAll(async () => {
    const place = new TestPlace({});
    makeOpenDirectory(place);
    writeFileSync(
      place.path("one.env"),
      '# a comment\nFROM=one\nONE=1\nTZ=Asia/Tokyo\nWINS=file\nQUOTED="a b $X"\nexport EXPORTED=yes\n',
    );
    writeFileSync(place.path("two.env"), "FROM=two\nTWO=2\nPATH=/from/the/file:/usr/bin:/bin\n");
    const files = `environment_file = ["${place.path("one.env")}", "${place.path("two.env")}", { path = "${place.path("absent.env")}", optional = true }]`;
    place.write("layers.toml", telling(place, "layers", `${files}\n[environment]\nWINS = "definition"\nOWN = "1"`));
    place.write("strange.toml", telling(place, "strange", `[environment]\n${toml(STRANGE)}`));
    place.write("changing.toml", telling(place, "changing", `environment_file = ["${place.path("changing.env")}"]`));
    writeFileSync(place.path("changing.env"), "VALUE=before\n");
    const search = `environment_file = ["${place.path("two.env")}"]\n`;
    place.write("searching.toml", program(["sleep", "1000"], search));
    supervisor = await place.start({ env: { TZ: "Europe/Berlin", LANG: "C.UTF-8" } });
  });

  afterAll(async () => {
    await supervisor?.[Symbol.asyncDispose]();
  });

  function toml(values: Readonly<Record<string, string>>): string {
    return (
      Object.entries(values)
        // In a definition a dollar is written twice where it might begin a variable.
        .map(([name, value]) => `${name} = ${JSON.stringify(value.replaceAll("$", "$$$$"))}`)
        .join("\n")
    );
  }

  test("has what later files and at last the definition say, over what came before", async () => {
    expect(await found("layers")).toMatchObject({
      LANG: "C.UTF-8",
      TZ: "Asia/Tokyo",
      FROM: "two",
      ONE: "1",
      TWO: "2",
      WINS: "definition",
      OWN: "1",
      QUOTED: "a b $X",
      EXPORTED: "yes",
      PATH: "/from/the/file:/usr/bin:/bin",
      TEST_MARK: supervisor.place.mark,
      DAEMONSUP_SERVICE: "layers",
    });
  });

  test("reaches the program unchanged", async () => {
    const { LINES, ...values } = STRANGE;
    expect(await found("strange")).toMatchObject({ ...values, LINES: LINES.replace("\n", "\\n") });
  });

  test("decides where programs are looked for", async () => {
    await supervisor.until("searching", ({ state }) => state === "up");
  });

  test("is read again from its files at each start", async () => {
    expect((await found("changing"))["VALUE"]).toBe("before");
    writeFileSync(supervisor.place.path("changing.env"), "VALUE=after\n");
    rmSync(supervisor.place.path("open", "changing"));
    expect((await supervisor.command("restart", "changing")).code).toBe(0);
    expect((await found("changing"))["VALUE"]).toBe("after");
  });

  test("costs only this start if a file has vanished, and the next one finds it again", async () => {
    const file = supervisor.place.path("changing.env");
    rmSync(file);
    const failed = await supervisor.command("restart", "changing");
    expect(failed.code).toBe(1);
    expect(failed.stderr).toContain(file);
    rmSync(supervisor.place.path("open", "changing"), { force: true });
    writeFileSync(file, "VALUE=back\n");
    expect((await supervisor.command("start", "changing")).code).toBe(0);
    await untilTrue(() => existsSync(supervisor.place.path("open", "changing")));
    expect((await found("changing"))["VALUE"]).toBe("back");
  });
});
