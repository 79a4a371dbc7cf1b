import { expect, test } from "bun:test";
import {
  decodeConfiguration,
  encodeConfiguration,
  type ReadConfiguration,
} from "../../src/config/configuration-text.ts";
import { defaultSettings } from "../../src/config/load-settings.ts";
import { literalDefinition } from "../core/literal-definition.ts";

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
