/* The blocks of a page that are real output: each stands between <!-- tour: NAME --> and <!-- end of tour --> */

const BLOCK = /^<!-- tour: ([\w-]+) -->\n(.*?)^<!-- end of tour -->$/gms;

/** The blocks of the page by name, as they stand there, without their indent. */
export function blocksIn(page: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Array.from(page.matchAll(BLOCK), ([, name = "", text = ""]) => [name, text.replaceAll(/^ {4}/gm, "").trim()]),
  );
}

/** The page with these blocks; those that are not given stay as they are. */
export function withBlocks(page: string, blocks: Readonly<Record<string, string>>): string {
  return page.replaceAll(BLOCK, (whole, name: string) => {
    const text = blocks[name];
    if (text === undefined) return whole;
    const lines = text.split("\n").map((line) => (line === "" ? "" : `    ${line}`));
    return `<!-- tour: ${name} -->\n\n${lines.join("\n")}\n\n<!-- end of tour -->`;
  });
}
