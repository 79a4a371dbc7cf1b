/** Reads NDJSON: one value a line, empty lines skipped. Ends when the body does, rejects when the connection breaks. */
export async function* readLines<T>(body: AsyncIterable<Uint8Array>): AsyncGenerator<T> {
  const decoder = new TextDecoder();
  let rest: string[] = [];
  for await (const chunk of body) {
    const lines = decoder.decode(chunk, { stream: true }).split("\n");
    rest.push(lines.shift() ?? "");
    if (lines.length === 0) continue;
    const first = rest.join("");
    rest = [lines.pop() ?? ""];
    for (const line of [first, ...lines]) if (line !== "") yield JSON.parse(line) as T;
  }
}
