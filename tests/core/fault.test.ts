import { expect, test } from "bun:test";
import { faultOf } from "../../src/core/fault.ts";

test("what the machine has no more of is named, and is no bug", () => {
  const error = Object.assign(new Error("EMFILE: too many open files, open '/x'"), { code: "EMFILE" });
  const { severity, report, brief } = faultOf(error);
  expect(severity).toBe("err");
  expect(brief).toBe("no descriptor is left below the limit of open files");
  expect(report).toBe(`cannot go on as usual: ${brief} (EMFILE: too many open files, open '/x')`);
});

test("anything else that nobody expects is a bug, told with where it happened", () => {
  const error = new TypeError("it is not there");
  const { severity, report, brief } = faultOf(error);
  expect(severity).toBe("crit");
  expect(report).toContain("internal error: TypeError: it is not there");
  expect(report).toContain("fault.test.ts");
  expect(brief).toContain("internal error");
  expect(faultOf("odd").report).toBe("internal error: odd");
});
