import { expect, test } from "bun:test";
import { chmodSync, writeFileSync } from "node:fs";
import { program } from "./definitions.ts";
import { ownAddress } from "./socket-clients.ts";
import { TestPlace } from "./test-supervisor.ts";

const TOKEN = "0123456789abcdef0123456789abcdef";
const WEB = { "web.toml": program(["sleep", "1000"]) };

function placeWith(token: string, mode: number, more = ""): { place: TestPlace; address: string } {
  const place = new TestPlace(WEB);
  const address = ownAddress().listen;
  writeFileSync(place.path("token"), `${token}\n`);
  chmodSync(place.path("token"), mode);
  const listen = more === "" ? `listen = "${address}"` : more;
  place.write("daemonsup.toml", `[control.tcp]\n${listen}\ntoken_file = "${place.path("token")}"\n`);
  return { place, address };
}

test("whoever knows the token talks to the supervisor over the network", async () => {
  const { place, address } = placeWith(TOKEN, 0o600);
  using _ = place;
  await using supervisor = await place.start();
  const headers = { authorization: `Bearer ${TOKEN}` };
  const stop = await fetch(`http://${address}/v1/services/web/stop`, { method: "POST", headers });
  expect(await stop.json()).toMatchObject({ result: "done" });
  expect(await supervisor.service("web")).toMatchObject({ state: "down" });
  expect((await fetch(`http://${address}/v1/services`)).status).toBe(401);
  expect((await fetch(`http://${address}/readyz`)).status).toBe(200);
});

test.each([
  ["a short token", "short", 0o600, "", 'daemonsup.toml:3:14: cannot use "control.tcp.token_file": the token in '],
  ["a token that others may read", TOKEN, 0o644, "", "want mode 0600"],
  [
    "an open address without TLS",
    TOKEN,
    0o600,
    'listen = "0.0.0.0:9180"',
    'cannot use "control.tcp.listen": others could',
  ],
  ["a port alone", TOKEN, 0o600, 'listen = ":9180"', 'cannot parse "control.tcp.listen"'],
  ["no address", TOKEN, 0o600, "hosts = []", "control.tcp.listen"],
] as const)("%s is refused at the start and by check, and nothing runs", async (...[, token, mode, more, reason]) => {
  const { place } = placeWith(token, mode, more);
  using _ = place;
  const { code, stderr } = await place.launch();
  expect([code, stderr]).toEqual([6, expect.stringContaining(reason)]);
  expect(stderr).not.toContain(token);
  expect(place.marked()).toEqual([]);
});
