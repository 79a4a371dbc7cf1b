import { afterAll, describe, expect, test } from "bun:test";
import { chmodSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadTcpFiles } from "../../src/config/tcp-files.ts";
import type { TcpSettings } from "../../src/core/definition.ts";

const directory = mkdtempSync(join(tmpdir(), "daemonsup-tcp-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const TOKEN = "0123456789abcdef0123456789abcdef";
const CERTIFICATE = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
const KEY = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
const UID = process.getuid?.() ?? 0;

let count = 0;

function file(text: string, mode = 0o600): string {
  const path = join(directory, `file${++count}`);
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}

function settings(changes: Partial<TcpSettings> = {}): TcpSettings {
  return {
    listen: { host: "127.0.0.1", port: 9180 },
    tokenFile: changes.tokenFile ?? file(`${TOKEN}\n`),
    certificate: null,
    key: null,
    access: "operate",
    hosts: [],
    ...changes,
  };
}

test("a token on a loopback address is enough, elsewhere it takes a certificate and its key", () => {
  expect(loadTcpFiles(settings(), UID)).toEqual({ tag: "loaded", files: { token: TOKEN, tls: null } });
  const tls = { certificate: file(CERTIFICATE, 0o644), key: file(KEY) };
  expect(loadTcpFiles(settings({ listen: { host: "0.0.0.0", port: 1 }, ...tls }), UID)).toEqual({
    tag: "loaded",
    files: { token: TOKEN, tls: { certificate: CERTIFICATE, key: KEY } },
  });
});

function faultsOf(changes: Partial<TcpSettings>, uid = UID): readonly string[] {
  const loaded = loadTcpFiles(settings(changes), uid);
  return loaded.tag === "loaded" ? [] : loaded.faults.map(({ key, reason }) => `${key}: ${reason}`);
}

describe("what is weak is refused:", () => {
  const weak: readonly (readonly [string, () => Partial<TcpSettings>, string])[] = [
    [
      "an open address without TLS",
      () => ({ listen: { host: "192.0.2.1", port: 1 } }),
      "listen: others could listen in",
    ],
    ["every address without TLS", () => ({ listen: { host: "::", port: 1 } }), "listen: others could listen in"],
    ["no token", () => ({ tokenFile: join(directory, "missing") }), "token_file: "],
    ["an empty token", () => ({ tokenFile: file("") }), "has 0 characters, want 32 to 1024"],
    ["a short token", () => ({ tokenFile: file(`${TOKEN.slice(1)}\n`) }), "has 31 characters"],
    ["an endless token", () => ({ tokenFile: file("0123456789".repeat(103)) }), "has 1030 characters"],
    ["a token that is one letter", () => ({ tokenFile: file("a".repeat(64)) }), "easily guessed"],
    ["a token of two lines", () => ({ tokenFile: file(`${TOKEN}\n${TOKEN}\n`) }), "want one line"],
    ["a token that others may read", () => ({ tokenFile: file(TOKEN, 0o644) }), "mode 0644), want mode 0600"],
    ["a token that a group may read", () => ({ tokenFile: file(TOKEN, 0o640) }), "mode 0640), want mode 0600"],
    ["a key that others may read", () => ({ certificate: file(CERTIFICATE), key: file(KEY, 0o604) }), "key: "],
    ["a key that is none", () => ({ certificate: file(CERTIFICATE), key: file(CERTIFICATE) }), "no private key"],
    ["a certificate that is none", () => ({ certificate: file(KEY), key: file(KEY) }), "no certificate in PEM"],
    ["a key without a certificate", () => ({ key: file(KEY) }), "key: it is of no use without a certificate"],
    ["a certificate without a key", () => ({ certificate: file(CERTIFICATE) }), "certificate: it is of no use"],
    ["a directory", () => ({ tokenFile: directory }), "it is a directory"],
  ];
  test.each(weak)("%s", (_title, changes, reason) => expect(faultsOf(changes()).join("\n")).toContain(reason));
});

test("a link is judged by what it leads to, and of a secret nothing is told", () => {
  const link = join(directory, "link");
  symlinkSync(file(`${TOKEN} \u0001`, 0o600), link);
  const faults = faultsOf({ tokenFile: link }).join("\n");
  expect(faults).toContain("is no token");
  expect(faults).not.toContain(TOKEN.slice(0, 8));
});

test.skipIf(UID !== 0)("a token of another user is refused, one of the supervisor's own is not", () => {
  const path = file(TOKEN);
  Bun.spawnSync(["chown", "4242", path]);
  expect(faultsOf({ tokenFile: path }).join()).toContain("belongs to user 4242, want user 0");
  expect(faultsOf({ tokenFile: path }, 4242)).toEqual([]);
});
