/* Services of other users: only root can start them. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync } from "node:fs";
import { program } from "./definitions.ts";
import { needsRoot } from "./ordinary-user.ts";
import { makeOpenDirectory, surroundings, surroundingsOf, telling } from "./surroundings.ts";
import { TestPlace, type TestSupervisor, run } from "./test-supervisor.ts";

const USER = "nobody";
/** Groups that every system has; all that matters is that the user is in none of them. */
const [GROUP, ...GROUPS] = ["daemon", "adm", "audio"] as const;

async function numbersOf(...words: readonly string[]): Promise<string> {
  const { code, stdout } = await run(words);
  if (code !== 0) throw new Error(`${words.join(" ")} failed`);
  return stdout.trim();
}

async function gidOf(group: string): Promise<string> {
  return (await numbersOf("getent", "group", group)).split(":")[2] ?? "";
}

/** The same number as real, effective and saved one. */
function thrice(id: string): string {
  return `${id} ${id} ${id}`;
}

function sorted(numbers: string): string {
  return numbers.split(" ").toSorted().join(" ");
}

describe.skipIf(needsRoot || surroundings === null)("a service of another user", () => {
  let supervisor: TestSupervisor;
  let ids: { readonly uid: string; readonly gid: string; readonly groups: string };
  const found = async (service: string) => await surroundingsOf(supervisor.place, service);

  beforeAll(async () => {
    ids = {
      uid: await numbersOf("id", "-u", USER),
      gid: await numbersOf("id", "-g", USER),
      groups: await numbersOf("id", "-G", USER),
    };
    const place = new TestPlace({});
    makeOpenDirectory(place);
    mkdirSync(place.path("secret"), { mode: 0o700 });
    const asked = {
      user: `user = "${USER}"`,
      group: `group = "${GROUP}"`,
      "user-and-group": `user = "${USER}"\ngroup = "${GROUP}"`,
      everything: `user = "${USER}"\ngroup = "${GROUP}"\ngroups = ${JSON.stringify(GROUPS)}`,
      "no-groups": `user = "${USER}"\ngroups = []`,
      "own-home": `user = "${USER}"\n[environment]\nHOME = "/mine"\nUSER = "somebody"`,
    };
    for (const [name, more] of Object.entries(asked)) place.write(`${name}.toml`, telling(place, name, more));
    const held = '[restart]\ndelay = "1h"';
    place.write(
      "locked-out.toml",
      program(["sleep", "1000"], `user = "${USER}"\ndirectory = "${place.path("secret")}"\n${held}`),
    );
    supervisor = await place.start();
  });

  afterAll(async () => {
    await supervisor?.[Symbol.asyncDispose]();
  });

  test("has that user's ids and groups, and no way back", async () => {
    const { facts } = await found("user");
    expect(facts.get("uid")).toBe(thrice(ids.uid));
    expect(facts.get("gid")).toBe(thrice(ids.gid));
    expect(sorted(facts.get("groups") ?? "")).toBe(sorted(ids.groups));
  });

  test("has the name, home and shell of that user in its environment", async () => {
    const entry = (await numbersOf("getent", "passwd", USER)).split(":");
    const { environment } = await found("user");
    expect(environment).toMatchObject({ USER, LOGNAME: USER, HOME: entry[5] ?? "", SHELL: entry[6] ?? "" });
  });

  test("may name others in its definition", async () => {
    const { environment } = await found("own-home");
    expect(environment).toMatchObject({ HOME: "/mine", USER: "somebody", LOGNAME: USER });
  });

  test("has the group that it asks for, also as the same user", async () => {
    const gid = await gidOf(GROUP);
    const { facts, environment } = await found("group");
    expect(facts.get("uid")).toBe("0 0 0");
    expect(facts.get("gid")).toBe(thrice(gid));
    expect(environment["HOME"]).toBeUndefined();
    expect((await found("user-and-group")).facts.get("gid")).toBe(thrice(gid));
  });

  test("has exactly the supplementary groups that it asks for", async () => {
    const { facts } = await found("everything");
    expect(facts.get("uid")).toBe(thrice(ids.uid));
    expect(facts.get("gid")).toBe(thrice(await gidOf(GROUP)));
    const asked = await Promise.all(GROUPS.map(gidOf));
    expect(sorted(facts.get("groups") ?? "")).toBe(asked.toSorted().join(" "));
    expect((await found("no-groups")).facts.get("groups")).toBe("");
  });

  test("enters its directory with its own rights", async () => {
    const view = await supervisor.until("locked-out", ({ state }) => state === "backoff");
    expect(view.message).toContain("chdir failed: EACCES");
    expect(view.message).toContain(supervisor.place.path("secret"));
  });

  test("is signalled and ended like any other", async () => {
    const { pid } = await supervisor.service("user");
    expect((await supervisor.command("stop", "user")).code).toBe(0);
    expect(await supervisor.service("user")).toMatchObject({ state: "down", last_exit: { signal: "SIGTERM" } });
    expect(supervisor.place.marked()).not.toContain(pid ?? 0);
  });
});
