import { expect, test } from "bun:test";
import { advanceGeneration, GENERATION_OFFSET, HEADER_SIZE } from "../../src/os/state-header.ts";

test.each([
  [0, 1],
  [7, 8],
  [999_999, 1_000_000],
  [1_000_000, 1],
  [0xffffffff, 967_296],
])("after generation %p comes %p, another one that is exact in whatever is numbered by it", (before, after) => {
  const bytes = new Uint8Array(HEADER_SIZE);
  const view = new DataView(bytes.buffer);
  view.setUint32(GENERATION_OFFSET, before, true);
  expect(advanceGeneration(bytes)).toBe(after);
  expect(view.getUint32(GENERATION_OFFSET, true)).toBe(after);
});
