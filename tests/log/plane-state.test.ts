import { expect, test } from "bun:test";
import { PlaneState } from "../../src/log/plane-state.ts";
import { policyOf } from "./plane-harness.ts";

const CONFIGURE = { tag: "configure", service: "web", policy: policyOf([]), file: "/log/web.log" } as const;
const begin = (run: number) =>
  ({ tag: "begin", run, service: "web", began: [{ path: "/log/web.log", identity: "one", size: run }] }) as const;

test("another Worker is told where the latest run of a service begins that writes its files itself, after its policy", () => {
  const state = new PlaneState();
  for (const message of [CONFIGURE, begin(1), begin(2)]) state.note(message);
  expect(state.replay).toEqual([CONFIGURE, begin(2)]);
  expect(state.take("web")).toEqual([CONFIGURE, begin(2)]);
  expect(state.replay).toEqual([]);
});
