import { describe, expect, test } from "bun:test";
import { type ServiceRecord, newRecord } from "../../src/core/service-record.ts";
import type { WallTime } from "../../src/core/units.ts";
import { relaySignal } from "../../src/supervisor/relay.ts";
import { literalDefinition } from "../core/literal-definition.ts";

function relay({ catches = true, force = false, record = {} as Partial<ServiceRecord> }) {
  const sent: string[] = [];
  const asked: string[] = [];
  const result = relaySignal(
    { ...newRecord(literalDefinition(), 0 as WallTime), ...record },
    { pid: 7, signal: "SIGHUP", force },
    {
      catchesSignal(pid, signal) {
        asked.push(`${pid} ${signal}`);
        return catches;
      },
      signalMain: (service, signal) => void sent.push(`${service} ${signal}`),
    },
  );
  return { result, sent, asked };
}

describe("a reload signal", () => {
  test("is sent to a main process that catches it", () => {
    const { result, sent, asked } = relay({});
    expect(result).toEqual({ tag: "sent", pid: 7, signal: "SIGHUP" });
    expect([sent, asked]).toEqual([["web SIGHUP"], ["7 1"]]);
  });

  test("is withheld from one that would die of it, and the reason names the signal", () => {
    const { result, sent } = relay({ catches: false });
    expect(result).toMatchObject({ tag: "withheld", reason: expect.stringContaining("SIGHUP is not caught") });
    expect(sent).toEqual([]);
  });

  test("is withheld from one that ended because of it before", () => {
    const { result, sent } = relay({ record: { endsOnRelay: true } });
    expect(result).toMatchObject({ tag: "withheld", reason: expect.stringContaining("SIGHUP") });
    expect(sent).toEqual([]);
  });

  test("is sent in any case if the definition names it", () => {
    const { sent } = relay({ force: true, catches: false, record: { endsOnRelay: true } });
    expect(sent).toEqual(["web SIGHUP"]);
  });
});
