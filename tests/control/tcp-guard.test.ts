import { expect, test } from "bun:test";
import { MOST_FAILURES, TcpGuard } from "../../src/control/tcp-guard.ts";

const TOKEN = "0123456789abcdef0123456789abcdef";

class Door {
  now = 0;
  readonly #guard = new TcpGuard({ token: TOKEN, hosts: ["box.example.org"], now: () => this.now });

  /** The status, 0 for who is let in, 1 for who hears only the status. */
  knock(headers: Readonly<Record<string, string>>, from = "192.0.2.1", path = "/v1/version"): number {
    const judged = this.#guard.judge(new Request(`http://daemonsup${path}`, { headers }), from);
    return judged.tag === "refused" ? judged.response.status : judged.tag === "admitted" ? 0 : 1;
  }
}

const RIGHT = { host: "127.0.0.1:9180", authorization: `Bearer ${TOKEN}` };
const WRONG = { ...RIGHT, authorization: `Bearer ${TOKEN}x` };

test("who says the token is let in, and nobody else", () => {
  const door = new Door();
  expect(door.knock(RIGHT)).toBe(0);
  expect(door.knock({ ...RIGHT, authorization: `bearer  ${TOKEN}` })).toBe(0);
  for (const authorization of [
    "",
    "Bearer",
    "Bearer ",
    TOKEN,
    `Basic ${TOKEN}`,
    `Bearer ${TOKEN.slice(1)}`,
    `Bearer ${TOKEN} x`,
  ])
    expect([authorization, new Door().knock({ ...RIGHT, authorization })]).toEqual([authorization, 401]);
  expect(door.knock({ host: "127.0.0.1" })).toBe(401);
});

test("whether it is healthy and ready anybody may ask, without hearing more; with a wrong token not even that", () => {
  for (const path of ["/healthz", "/readyz"]) {
    const door = new Door();
    expect(door.knock({ host: "127.0.0.1" }, "192.0.2.1", path)).toBe(1);
    expect(door.knock(RIGHT, "192.0.2.1", path)).toBe(0);
    expect(door.knock(WRONG, "192.0.2.1", path)).toBe(401);
  }
  expect(new Door().knock({ host: "127.0.0.1" }, "192.0.2.1", "/metrics")).toBe(401);
});

test("only addresses and names that are meant are answered for, and nothing that comes from a page", () => {
  const door = new Door();
  for (const host of ["127.0.0.1", "127.0.0.1:1", "[::1]:9180", "localhost:9180", "Box.Example.ORG", "10.0.0.1"])
    expect([host, door.knock({ ...RIGHT, host })]).toEqual([host, 0]);
  for (const host of [
    "evil.example",
    "127.0.0.1.evil.example",
    "localhost.evil.example",
    "box.example.org.evil",
    "::1",
  ])
    expect([host, door.knock({ ...RIGHT, host })]).toEqual([host, 421]);
  expect(door.knock({ ...RIGHT, origin: "http://localhost:9180" })).toBe(403);
});

test("who says wrong tokens is not listened to for a while, not even with the right one, and others are", () => {
  const door = new Door();
  for (let count = 0; count < MOST_FAILURES; count++) expect(door.knock(WRONG)).toBe(401);
  expect([door.knock(WRONG), door.knock(RIGHT), door.knock(RIGHT, "192.0.2.2")]).toEqual([429, 429, 0]);
  door.now += 59_999;
  expect(door.knock(RIGHT)).toBe(429);
  door.now += 1;
  expect(door.knock(RIGHT)).toBe(0);
});

test("whoever has one address of IPv6 has its whole network, and IPv4 in disguise is the same place", () => {
  const door = new Door();
  for (let count = 0; count < MOST_FAILURES; count++) door.knock(WRONG, `2001:db8:1:2::${count + 1}`);
  expect([door.knock(RIGHT, "2001:db8:1:2:ffff::9"), door.knock(RIGHT, "2001:db8:1:3::1")]).toEqual([429, 0]);
  for (let count = 0; count < MOST_FAILURES; count++) door.knock(WRONG, "::ffff:198.51.100.7");
  expect(door.knock(RIGHT, "198.51.100.7")).toBe(429);
});

test("to forget a token is no guess", () => {
  const door = new Door();
  for (let count = 0; count < MOST_FAILURES * 2; count++) expect(door.knock({ host: "127.0.0.1" })).toBe(401);
  expect(door.knock(RIGHT)).toBe(0);
});

test("so many places are remembered and no more", () => {
  const door = new Door();
  for (let count = 0; count < MOST_FAILURES; count++) door.knock(WRONG, "192.0.2.1");
  for (let index = 0; index < 5_000; index++) door.knock(WRONG, `10.0.${index >> 8}.${index & 255}`);
  expect(door.knock(RIGHT, "192.0.2.1")).toBe(0);
});
