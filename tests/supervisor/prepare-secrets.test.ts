import { expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { look, lookRequestOf } from "../../src/config/look.ts";
import { prepareRun, type PrepareResult, type UserPort } from "../../src/supervisor/prepare-run.ts";
import { literalDefinition } from "../core/literal-definition.ts";

const users: UserPort = {
  findUser: () => null,
  findGroup: () => null,
  groupsOf: () => [],
  ownUid: 0,
  ownGid: 0,
  inherited: {},
};

function prepare(directory: string): PrepareResult {
  const definition = literalDefinition({
    command: ["/bin/true"],
    environment: { PW: "from the definition", A: "1" },
    secrets: { PW: join(directory, "pw") },
  });
  const { files } = look(lookRequestOf(definition, "host", false));
  const { command } = definition;
  return prepareRun({ definition, command, runtime: "none", invocation: "1", files, extra: {} }, users);
}

test("a secret is read at each start and goes into the environment; without its file there is no start", () => {
  const directory = mkdtempSync(join(tmpdir(), "daemonsup-secrets-"));
  try {
    const path = join(directory, "pw");
    expect(prepare(directory)).toEqual({ tag: "unable", reason: `secret "${path}": no such file or directory` });
    for (const value of ["first", "second"]) {
      writeFileSync(path, `${value}\n`);
      const prepared = prepare(directory);
      if (prepared.tag !== "prepared") throw new Error(prepared.reason);
      expect(prepared.env.filter((entry) => /^(PW|A)=/.test(entry)).sort()).toEqual(["A=1", `PW=${value}`]);
    }
    writeFileSync(path, `s3cr3t\0`);
    expect(prepare(directory)).toEqual({ tag: "unable", reason: `secret "${path}": it is no text in UTF-8` });
  } finally {
    rmSync(directory, { recursive: true });
  }
});
