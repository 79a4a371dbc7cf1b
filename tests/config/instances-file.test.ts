import { describe, expect, test } from "bun:test";
import { encodeInstances, instancesFileOf, loadInstances } from "../../src/config/instances-file.ts";
import { makePlace } from "./load-texts.ts";

describe("what was asked of templates", () => {
  test("comes back as it was written", () => {
    using place = makePlace();
    const instances = {
      web: { count: 6, names: ["x", "y.z"] },
      job: { count: null, names: ["mail"] },
      none: { count: 0, names: [] },
    };
    place.write("instances.json", encodeInstances(instances));
    expect(loadInstances(instancesFileOf(place.directory))).toEqual({ tag: "loaded", instances });
  });

  test("is nothing where there is no file", () => {
    using place = makePlace();
    expect(loadInstances(instancesFileOf(place.directory))).toEqual({ tag: "loaded", instances: {} });
  });

  const BAD: readonly (readonly [text: string, reason: string])[] = [
    ["{", "it is no JSON"],
    ["[]", "want an object with a template in each key"],
    ['{"a b": {}}', '"a b" is no name of a template'],
    ['{"web@": {}}', '"web@" is no name of a template'],
    ['{"web": 3}', 'want an object for "web"'],
    ['{"web": {"count": 1001}}', 'want a number from 0 to 1000 as "count" of "web"'],
    ['{"web": {"count": "3"}}', 'want a number from 0 to 1000 as "count" of "web"'],
    ['{"web": {"names": ["a b"]}}', 'want at most 1000 names as "names" of "web"'],
    ['{"web": {"names": [""]}}', 'want at most 1000 names as "names" of "web"'],
  ];
  for (const [text, reason] of BAD) {
    test(`is not taken from ${text}`, () => {
      using place = makePlace();
      const path = place.write("instances.json", text);
      expect(loadInstances(path)).toEqual({ tag: "unusable", reason: `cannot read "${path}": ${reason}` });
    });
  }
});
