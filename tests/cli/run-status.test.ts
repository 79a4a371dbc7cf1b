import { expect, test } from "bun:test";
import { literalPort, viewOf } from "../control/literal-port.ts";
import { runAgainst } from "./running.ts";

const FAILED = viewOf("bad", { state: "failed", pid: null, message: "exited 1" });
const DOWN = viewOf("off", { state: "down", want: "down", pid: null });

const statuses: readonly (readonly [string, string, number])[] = [
  ["all is well", "status web", 0],
  ["something is not wanted and not up", "status", 3],
  ["something named is down, though nobody wants it up", "status off", 3],
  ["a glob names only what is up", "status w*", 0],
  ["a name is unknown", "status web nope", 5],
  ["a glob names nothing", "status x*", 5],
];

test.each(statuses)("status, when %s", async (_title, words, exit) => {
  expect((await runAgainst(literalPort([viewOf("web"), FAILED, DOWN]), words)).exit).toBe(exit);
});

test("status is well with what waits for its time, and not with what waits for others", async () => {
  const job = viewOf("job", { state: "waiting", pid: null, well: true });
  const held = viewOf("web", { state: "waiting", pid: null, message: 'requires "db", which has failed' });
  for (const words of ["status", "status job"]) expect((await runAgainst(literalPort([job]), words)).exit).toBe(0);
  for (const words of ["status", "status web"]) expect((await runAgainst(literalPort([held]), words)).exit).toBe(3);
});

test("status names what is not well once more where its head has left the screen", async () => {
  const port = literalPort([
    { ...FAILED, well: false },
    ...Array.from({ length: 20 }, (_, index) => viewOf(`w${index}`)),
  ]);
  const conclusion = "\n\n21 services, 1 not well: daemonsup status bad\n";
  expect((await runAgainst(port, "status", { columns: 80, rows: 20 })).out).toEndWith(conclusion);
  expect((await runAgainst(port, "status", { columns: 80, rows: 60 })).out).not.toContain("not well");
  expect((await runAgainst(port, "status")).out).not.toContain("not well");
});

test("status of a name that there is not says which may have been meant", async () => {
  const port = literalPort([viewOf("web")]);
  expect(await runAgainst(port, "status wbe")).toEqual({
    exit: 5,
    out: "",
    err: 'cannot show "wbe": no such service (did you mean "web"?)\n',
  });
  for (const odd of [".", ".."]) expect(await runAgainst(port, `status ${odd}`)).toMatchObject({ exit: 5, out: "" });
});

test("status without names is well when all that is wanted is up or done", async () => {
  const port = literalPort([viewOf("web"), DOWN, viewOf("migrate", { state: "done", pid: null })]);
  expect(await runAgainst(port, "status")).toMatchObject({ exit: 0, err: "" });
  expect(await runAgainst(literalPort([]), "status")).toEqual({ exit: 0, out: "no services\n", err: "" });
  expect(await runAgainst(literalPort([]), "status --json")).toEqual({ exit: 0, out: "[]\n", err: "" });
});

test("status shows a table, one exact name a page, and with --json the services as they are", async () => {
  const views = [viewOf("web"), FAILED];
  expect((await runAgainst(literalPort(views), "status")).out).toMatch(
    /^NAME .*\nbad .*\nweb .*\n\nsupervisor 9.9.9: started 3m 12s ago\n$/,
  );
  expect((await runAgainst(literalPort(views), "status we*")).out).toMatch(/^NAME .*\nweb .*\n$/);
  expect((await runAgainst(literalPort(views), "status web")).out).toStartWith("web - the web\n");
  expect(JSON.parse((await runAgainst(literalPort(views), "status --json")).out)).toEqual(views);
  expect(JSON.parse((await runAgainst(literalPort(views), "status --json web")).out)).toEqual([viewOf("web")]);
});
