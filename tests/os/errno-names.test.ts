import { expect, test } from "bun:test";
import { constants } from "node:os";
import { errnoNameOf } from "../../src/os/errno-names.ts";

test("a number with two names is called by the usual one", () => {
  expect(errnoNameOf(constants.errno.EWOULDBLOCK)).toBe("EAGAIN");
  expect(errnoNameOf(constants.errno.ENOENT)).toBe("ENOENT");
});

test("a number without a name is shown as it is", () => {
  expect(errnoNameOf(9999)).toBe("errno 9999");
});
