import { expect, test } from "bun:test";
import { PipeSizes } from "../../src/log/pipe-sizes.ts";

const LARGE = 1024 * 1024;
const USUAL = 64 * 1024;
const SECOND = 1_000_000;

function sizesOf(pipeBudget: number, stays = new Set<number>()): { sizes: PipeSizes; asked: [number, number][] } {
  const asked: [number, number][] = [];
  const sizes = new PipeSizes({
    pipeBudget,
    sizeOfPipe: () => USUAL,
    resizePipe(fd, bytes) {
      asked.push([fd, bytes]);
      return stays.has(fd) ? LARGE : bytes;
    },
  });
  return { sizes, asked };
}

test("a pipe that brings much is made large, once, and not more of them than there is room for", () => {
  const { sizes, asked } = sizesOf(2 * LARGE);
  const [one, two, three] = [{}, {}, {}];
  for (const [fd, pipe] of [one, one, two, three].entries()) sizes.noteBusy(pipe, fd, 0);
  expect(asked).toEqual([
    [0, LARGE],
    [2, LARGE],
  ]);
  sizes.forget(one);
  sizes.noteBusy(three, 3, 0);
  expect(asked.at(-1)).toEqual([3, LARGE]);
});

test("where many are busy, each has as much as is read at a time", () => {
  const { sizes, asked } = sizesOf(4 * LARGE);
  const pipes = Array.from({ length: 20 }, () => ({}));
  for (const [fd, pipe] of pipes.entries()) sizes.noteBusy(pipe, fd, 0);
  const bytes = asked.map(([, each]) => each);
  expect(bytes).toEqual([LARGE, LARGE, LARGE, ...Array<number>(6).fill(LARGE / 4)]);
  expect(bytes.reduce((sum, each) => sum + each - USUAL, 0)).toBeWithin(3.7 * LARGE, 4 * LARGE);
  expect([sizes.roomOf(pipes[0] ?? {}, 0), sizes.roomOf(pipes[19] ?? {}, 19)]).toEqual([LARGE, USUAL]);
  for (const pipe of pipes) sizes.forget(pipe);
  sizes.noteBusy({}, 30, 0);
  expect(asked.at(-1)).toEqual([30, LARGE]);
});

test("one that has not been busy for long makes room for another, unless it is full", () => {
  const { sizes, asked } = sizesOf(2 * LARGE, new Set([1]));
  const [full, idle, busy, next] = [{}, {}, {}, {}];
  sizes.noteBusy(full, 1, 0);
  sizes.noteBusy(idle, 2, 0);
  sizes.noteBusy(busy, 3, 5 * SECOND);
  expect(asked.length).toBe(2);
  sizes.noteBusy(next, 4, 11 * SECOND);
  expect(asked.slice(2)).toEqual([
    [1, USUAL],
    [2, USUAL],
    [4, LARGE],
  ]);
});
