/**
 * The values of a body that has one in each line, as they come: those of whole lines that have come together, of which there
 * may be none. Half a line at its end is dropped.
 */
export async function* jsonLinesOf<Value>(body: Response["body"]): AsyncGenerator<readonly Value[]> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of body ?? []) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    yield lines.filter((line) => line !== "").map((line) => JSON.parse(line) as Value);
  }
}
