import { expect, test } from "bun:test";
import { closeSync, fstatSync, openSync } from "node:fs";
import { MOST_PACKET_BYTES, PacketSocket, openPacketPair } from "../../src/os/packet-socket.ts";

function pair(): readonly [PacketSocket, PacketSocket] {
  const [left, right] = openPacketPair();
  return [new PacketSocket(left), new PacketSocket(right)];
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

function textOf(socket: PacketSocket): string {
  const packet = socket.receive();
  return packet.tag === "packet" ? new TextDecoder().decode(packet.bytes) : packet.tag;
}

test("packets arrive one by one, as they were sent", () => {
  const [here, there] = pair();
  for (const text of ["one", "two, which is longer", "3"]) expect(here.send(bytes(text))).toBe("sent");
  expect([textOf(there), textOf(there), textOf(there), textOf(there)]).toEqual([
    "one",
    "two, which is longer",
    "3",
    "empty",
  ]);
  for (const { fd } of [here, there]) closeSync(fd);
});

test("what was sent is there, descriptors included, although the sender is gone", () => {
  const [here, there] = pair();
  const files = Array.from({ length: 200 }, () => openSync("/dev/null", "r"));
  expect(here.send(bytes("files"), files)).toBe("sent");
  closeSync(here.fd);
  for (const fd of files) closeSync(fd);
  const packet = there.receive();
  if (packet.tag !== "packet") throw new Error(packet.tag);
  expect(packet.descriptors).toHaveLength(200);
  for (const fd of packet.descriptors) {
    expect(fstatSync(fd).isCharacterDevice()).toBe(true);
    closeSync(fd);
  }
  expect(there.receive()).toEqual({ tag: "ended" });
  closeSync(there.fd);
});

test("what was sent is there although the sender is gone and has not read what it was sent", () => {
  const [here, there] = pair();
  for (const text of ["one", "two"]) expect(here.send(bytes(text))).toBe("sent");
  expect(there.send(bytes("never read"))).toBe("sent");
  closeSync(here.fd);
  expect([textOf(there), textOf(there), textOf(there)]).toEqual(["one", "two", "ended"]);
  closeSync(there.fd);
});

test("who sends to nobody is told, and who sends more than is read too", () => {
  const [here, there] = pair();
  const long = new Uint8Array(MOST_PACKET_BYTES);
  let sent = 0;
  while (here.send(long) === "sent") sent++;
  expect(sent).toBeGreaterThan(2);
  expect(here.send(long)).toBe("full");
  expect(there.receive()).toMatchObject({ tag: "packet" });
  closeSync(there.fd);
  expect(here.send(bytes("late"))).toBe("gone");
  closeSync(here.fd);
});

test("a descriptor that is closed is refused, and nothing is sent", () => {
  const [here, there] = pair();
  const fd = openSync("/dev/null", "r");
  closeSync(fd);
  expect(here.send(bytes("closed"), [fd])).toBe("failed");
  expect(there.receive()).toEqual({ tag: "empty" });
  for (const socket of [here, there]) closeSync(socket.fd);
});
