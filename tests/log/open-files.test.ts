import { expect, test } from "bun:test";
import { type Closable, OpenFiles } from "../../src/log/open-files.ts";
import type { OpenLogFile } from "../../src/log/log-files.ts";

/** As many files as there is room for, and one more that is the last. */
class Room {
  taken = 0;
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  openLogFile(_path: string, isLast: boolean): OpenLogFile {
    if (this.taken >= this.#most + (isLast ? 1 : 0)) return { tag: "none-left", reason: "EMFILE: too many open files" };
    this.taken++;
    return { tag: "open", fd: 100 + this.taken };
  }
}

class Owner implements Closable {
  isOpen = false;
  readonly #room: Room;
  readonly #files: OpenFiles;

  constructor(room: Room, files: OpenFiles) {
    this.#room = room;
    this.#files = files;
  }

  open(): string {
    const { tag } = this.#files.open(this, "/a.log", this.#room);
    this.isOpen = tag === "open";
    return tag;
  }

  close(): void {
    this.isOpen = false;
    this.#room.taken--;
    this.#files.closed(this);
  }
}

function owners(count: number, room: Room): readonly Owner[] {
  const files = new OpenFiles();
  return Array.from({ length: count }, () => new Owner(room, files));
}

test("files stay open while there are descriptors, and no longer than the others need", () => {
  const all = owners(5, new Room(3));
  expect(all.map((owner) => owner.open())).toEqual(["open", "open", "open", "open", "open"]);
  expect(all.map(({ isOpen }) => isOpen)).toEqual([false, false, true, true, true]);
});

test("one that is opened again is the newest", () => {
  const [first, second, third, fourth] = owners(4, new Room(3));
  for (const owner of [first, second, third]) owner?.open();
  first?.close();
  first?.open();
  fourth?.open();
  expect([first, second, third, fourth].map((owner) => owner?.isOpen)).toEqual([true, false, true, true]);
});

test("where others need every descriptor, one file at a time is open, and none if there is not even one", () => {
  const few = owners(3, new Room(0));
  expect(few.map((owner) => owner.open())).toEqual(["open", "open", "open"]);
  expect(few.map(({ isOpen }) => isOpen)).toEqual([false, false, true]);
  const none = owners(1, new Room(-1));
  expect(none.map((owner) => owner.open())).toEqual(["none-left"]);
});
