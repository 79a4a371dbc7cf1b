import { describe, expect, test } from "bun:test";
import { type HealthCount, UNCHECKED, countCheck } from "../../src/core/health-count.ts";

const RULE = { failures: 3, successes: 2, isLenient: false };

/** What becomes of a service by checks, each "+" a good one and "-" a failed one: its health after each. */
function healthAfter(checks: string, rule = RULE): readonly string[] {
  let count: HealthCount = UNCHECKED;
  return checks.split("").map((check) => {
    count = countCheck(count, check === "+", rule);
    return count.health;
  });
}

describe("a service that is starting", () => {
  test.each([
    ["+", ["healthy"]],
    ["--", ["starting", "starting"]],
    ["--+", ["starting", "starting", "healthy"]],
    ["---", ["starting", "starting", "unhealthy"]],
  ])("is after the checks %j: %j", (checks, health) => expect(healthAfter(checks)).toEqual(health));

  test("is not held to failures while it is spared, however many", () => {
    expect(healthAfter("-".repeat(50), { ...RULE, isLenient: true }).at(-1)).toBe("starting");
    expect(countCheck({ ...UNCHECKED, failed: 2 }, false, { ...RULE, isLenient: true })).toEqual(UNCHECKED);
  });
});

describe("a healthy service", () => {
  test.each([
    ["+--", "healthy"],
    ["+---", "unhealthy"],
    ["+--+--", "healthy"],
    ["+--+---", "unhealthy"],
  ])("is after the checks %j %s", (checks, health) => expect(healthAfter(checks).at(-1)).toBe(health));

  test("is held to failures even in its start period", () => {
    const lenient = { ...RULE, isLenient: true };
    expect(healthAfter("+---", lenient).at(-1)).toBe("unhealthy");
  });

  test("is unhealthy at the first failure if one is enough", () => {
    expect(healthAfter("+-", { ...RULE, failures: 1 }).at(-1)).toBe("unhealthy");
  });
});

describe("an unhealthy service", () => {
  test.each([
    ["---+", "unhealthy"],
    ["---++", "healthy"],
    ["---+-+", "unhealthy"],
    ["---+-++", "healthy"],
    ["---++--", "healthy"],
    ["---++---", "unhealthy"],
  ])("is after the checks %j %s", (checks, health) => expect(healthAfter(checks).at(-1)).toBe(health));
});
