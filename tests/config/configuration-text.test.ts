import { expect, test } from "bun:test";
import {
  decodeConfiguration,
  encodeConfiguration,
  type ReadConfiguration,
} from "../../src/config/configuration-text.ts";
import { defaultSettings } from "../../src/config/load-settings.ts";
import { literalDefinition } from "../core/literal-definition.ts";
import { makePlace } from "./load-texts.ts";

const READ: ReadConfiguration = {
  tag: "loaded",
  settings: defaultSettings().settings,
  definitions: [
    literalDefinition({ name: "plain" }),
    literalDefinition({
      name: "bounded",
      limits: { nofile: { soft: 10, hard: 20 }, core: { soft: 0, hard: Number.POSITIVE_INFINITY } },
    }),
  ],
  unfit: { plain: "there is no program" },
  warnings: ["plain.toml:1:1: cannot use it"],
  liveFields: ["restart"],
  templates: ["web"],
  instances: { web: { count: 2, names: ["x"] } },
  used: [],
  fingerprint: "1",
  marks: { "/services.d/plain.toml": "2" },
};

test("a configuration arrives as it was sent, limits without bound included", () => {
  expect(decodeConfiguration(encodeConfiguration(READ))).toEqual(READ);
});

test("a refusal arrives as it was sent", () => {
  const refused = { tag: "rejected", problems: ["a", "b"] } as const;
  expect(decodeConfiguration(encodeConfiguration(refused))).toEqual(refused);
});

test("what a version before has written, each definition whole, is read as well", () => {
  const { definitions, ...rest } = READ;
  expect(decodeConfiguration(JSON.stringify({ ...rest, definitions: definitions.slice(0, 1) }))).toEqual({
    ...READ,
    definitions: definitions.slice(0, 1),
  });
});

test("a configuration without definitions is none", () => {
  const { definitions: _, ...rest } = READ;
  expect(() => decodeConfiguration(JSON.stringify(rest))).toThrow("without definitions");
});

test("what definitions have in common is written once, and is one object again, whatever lies between them", () => {
  using place = makePlace({
    "daemonsup.toml":
      '[defaults]\nrestart = { delay = "5s" }\nenvironment = { A = "a" }\nlimits = { core = "unlimited" }\n',
    "a.toml": 'command = ["/bin/true", "a"]\n',
    "b.toml": 'command = "true b"\nlog.to = ["syslog"]\nlimits = { nofile = 9 }\ncritical = true\n',
    "c.toml": 'command = ["./c"]\ntype = "oneshot"\nenvironment = { B = "b" }\n',
    "d@.toml": 'command = ["/bin/true", "%i"]\ninstances = 3\n',
    "e.toml": 'command = ["/bin/true", "e"]\n',
  });
  const loaded = place.load();
  if (loaded.tag !== "loaded") throw new Error("it was refused");
  const text = encodeConfiguration({ ...READ, definitions: loaded.definitions });
  const read = decodeConfiguration(text);
  if (read.tag !== "loaded") throw new Error("it was refused");
  expect(read.definitions).toEqual([...loaded.definitions]);
  expect(text.split('"delay":5000')).toHaveLength(5);
  expect(text.split('"path":null')).toHaveLength(3);
  const [, , , first, second] = read.definitions;
  expect(first?.name).toBe("d@1");
  expect(first?.log).toBe(second?.log as never);
});
