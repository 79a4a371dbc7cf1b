import { expect, test } from "bun:test";
import { TestSupervisor } from "./test-supervisor.ts";

test("definitions in TOML, YAML and JSON run alike, and settings hold for all of them", async () => {
  const script = 'echo "$GREETING"; exec sleep 1000';
  await using supervisor = await TestSupervisor.start({
    "daemonsup.toml": '[defaults.log]\nstamp = "none"\n',
    "a.toml": `command = ["sh", "-c", '${script}']\nenvironment = { GREETING = "hello from TOML" }\n`,
    "b.yaml": `command: [sh, -c, '${script}']\nenvironment:\n  GREETING: hello from YAML\n`,
    "c.yml": `command: [sh, -c, '${script}']\nenvironment: { GREETING: hello from YML }\n`,
    "d.json": JSON.stringify({
      $schema: "./definition.schema.json",
      command: ["sh", "-c", script],
      environment: { GREETING: "hello from JSON" },
    }),
  });
  for (const [name, format] of Object.entries({ a: "TOML", b: "YAML", c: "YML", d: "JSON" })) {
    await supervisor.until(name, (view) => view.state === "up");
    const line = await supervisor.line(name, (text) => text.startsWith("hello"));
    expect(line).toBe(`hello from ${format}`);
    expect(supervisor.place.read("log", `${name}.log`)).toBe(`hello from ${format}\n`);
  }
});

test("a command written as one string is split as a shell would, without one", async () => {
  await using supervisor = await TestSupervisor.start({
    "split.toml": `command = "printf '%s|' a 'b c' \\"d\\\\\\"e\\" f\\\\ g"\ntype = "oneshot"\n[log]\nstamp = "none"\n`,
  });
  await supervisor.until("split", (view) => view.state === "done");
  expect(await supervisor.line("split", () => true)).toBe('a|b c|d"e|f g|');
});
