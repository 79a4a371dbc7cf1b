import { expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TlsFiles } from "../../src/control/http-listener.ts";
import { type ServeTcpOptions, serveTcp } from "../../src/control/serve-tcp.ts";
import { skipReason } from "../scenarios/loud-skip.ts";
import { type LiteralPort, literalPort, viewOf } from "./literal-port.ts";
import { until } from "./temporary-server.ts";

const TOKEN = "0123456789abcdef0123456789abcdef";
const WITH_TOKEN = { authorization: `Bearer ${TOKEN}` };

const noOpenssl =
  skipReason("TLS", [[Bun.which("openssl") !== null, "openssl, which makes certificates, is not installed"]]) !== null;

interface Door extends AsyncDisposable {
  readonly port: number;
  readonly supervisor: LiteralPort;
  fetch(path: string, init?: BunFetchRequestInit): Promise<Response>;
}

function open(changes: Partial<ServeTcpOptions> = {}): Door {
  const supervisor = literalPort([viewOf("web")], { unwell: () => [{ name: "db", state: "down", message: null }] });
  const served = serveTcp(supervisor, {
    host: "127.0.0.1",
    port: 0,
    tls: null,
    token: TOKEN,
    hosts: [],
    access: "operate",
    capacity: 40,
    report: () => {},
    ...changes,
  });
  if (served.tag === "failed") throw new Error(served.message);
  const port = served.port ?? 0;
  const scheme = changes.tls === undefined ? "http" : "https";
  return {
    port,
    supervisor,
    fetch: (path, init) => fetch(`${scheme}://127.0.0.1:${port}${path}`, { keepalive: false, ...init }),
    [Symbol.asyncDispose]: served.close,
  };
}

function certificate(): TlsFiles {
  const directory = mkdtempSync(join(tmpdir(), "daemonsup-tls-"));
  try {
    const [key, cert] = [join(directory, "key.pem"), join(directory, "cert.pem")];
    const names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"];
    const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"];
    Bun.spawnSync([
      "openssl",
      "req",
      "-x509",
      ...curve,
      "-nodes",
      "-keyout",
      key,
      "-out",
      cert,
      "-days",
      "2",
      ...names,
    ]);
    return { key: readFileSync(key, "utf8"), certificate: readFileSync(cert, "utf8") };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

test("who knows the token may do what the socket may, and nobody else", async () => {
  await using door = open();
  const started = await door.fetch("/v1/services/web/start", { method: "POST", headers: WITH_TOKEN });
  expect(await started.json()).toMatchObject({ result: "done" });
  const refused = await door.fetch("/v1/services/web/stop", { method: "POST" });
  expect(refused.status).toBe(401);
  expect(refused.headers.get("www-authenticate")).toBe("Bearer");
  expect(await refused.json()).toMatchObject({ instance: "/v1/services/web/stop", exit: 4 });
  expect(door.supervisor.asked).toEqual(["start web"]);
});

test("a door for looking is for looking", async () => {
  await using door = open({ access: "read" });
  expect((await door.fetch("/v1/services", { headers: WITH_TOKEN })).status).toBe(200);
  expect((await door.fetch("/v1/shutdown", { method: "POST", headers: WITH_TOKEN })).status).toBe(403);
  expect(door.supervisor.asked).toEqual([]);
});

test("a load balancer hears the status and no names; who knows the token hears those too", async () => {
  await using door = open();
  const plain = await door.fetch("/readyz");
  expect([plain.status, await plain.text()]).toEqual([503, "not ready\n"]);
  expect(await (await door.fetch("/readyz", { headers: WITH_TOKEN })).text()).toContain("db");
  expect(await (await door.fetch("/healthz")).text()).toBe("ok\n");
});

test("an address that is taken is told, not thrown", async () => {
  await using door = open();
  const options = { host: "127.0.0.1", port: door.port, tls: null, token: TOKEN, hosts: [], capacity: 1 };
  expect(serveTcp(literalPort([]), { ...options, access: "read", report: () => {} })).toEqual({
    tag: "failed",
    message: `cannot listen on "127.0.0.1:${door.port}": EADDRINUSE`,
  });
});

test.skipIf(noOpenssl)("with a certificate TLS is spoken, streams included, and nothing else", async () => {
  const tls = certificate();
  await using door = open({ tls });
  const init = { headers: WITH_TOKEN, tls: { ca: tls.certificate } };
  expect((await door.fetch("/v1/version", init)).status).toBe(200);
  const controller = new AbortController();
  const events = await door.fetch("/v1/events", { ...init, signal: controller.signal });
  expect(events.status).toBe(200);
  controller.abort();
  await until(() => door.supervisor.listeners.size === 0);
  expect(await fetch(`http://127.0.0.1:${door.port}/healthz`).catch(() => "refused")).toBe("refused");
});

test.skipIf(noOpenssl)("connections that never agree on TLS make room for those that do", async () => {
  const tls = certificate();
  await using door = open({ tls, capacity: 8 });
  let ended = 0;
  const socket = { data() {}, close: () => void ended++ };
  const peers = await Promise.all(
    Array.from({ length: 20 }, () => Bun.connect({ hostname: "127.0.0.1", port: door.port, socket })),
  );
  await until(() => ended >= 12);
  const answer = await door.fetch("/v1/version", { headers: WITH_TOKEN, tls: { ca: tls.certificate } });
  expect(answer.status).toBe(200);
  for (const peer of peers) peer.terminate();
});

test.skipIf(noOpenssl)("a key that does not belong to the certificate is told, not thrown", () => {
  const tls = { certificate: certificate().certificate, key: certificate().key };
  const options = { host: "127.0.0.1", port: 0, tls, token: TOKEN, hosts: [], capacity: 1 };
  const served = serveTcp(literalPort([]), { ...options, access: "read", report: () => {} });
  expect(served).toMatchObject({ tag: "failed", message: expect.stringContaining('cannot listen on "127.0.0.1:0": ') });
});
