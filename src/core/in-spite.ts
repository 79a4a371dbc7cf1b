/** Does it for each, whatever becomes of the others; throws, at the end, what went wrong with the first that failed. */
export function forEachInSpite<Item>(items: Iterable<Item>, act: (item: Item) => void): void {
  const failures: unknown[] = [];
  for (const item of items) {
    try {
      act(item);
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
}
