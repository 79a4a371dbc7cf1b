/** The words of a text on lines of at most `width` cells; a word that is longer stands on a line of its own. */
export function wrapText(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/\s+/).filter((each) => each !== "")) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (line !== "" && Bun.stringWidth(longer) > width) {
      lines.push(line);
      line = word;
    } else {
      line = longer;
    }
  }
  return line === "" ? lines : [...lines, line];
}

/** The same, and a word that is longer is broken wherever the line ends. */
export function foldText(text: string, width: number): readonly string[] {
  return wrapText(text, width).flatMap((line) => {
    const lines = [""];
    for (const character of line) {
      const current = lines.at(-1) ?? "";
      if (Bun.stringWidth(current + character) > width && current !== "") lines.push(character);
      else lines[lines.length - 1] = current + character;
    }
    return lines;
  });
}

/** Paragraphs, with an empty line between them, wrapped each; a paragraph with an indented line is kept as it is if it fits. */
export function wrapParagraphs(text: string, width: number): readonly string[] {
  return text
    .trim()
    .split(/\n\s*\n/)
    .flatMap((paragraph, index) => {
      const lines = paragraph.split("\n");
      const isKept = lines.some((line) => /^\s/.test(line)) && lines.every((line) => Bun.stringWidth(line) <= width);
      return [...(index === 0 ? [] : [""]), ...(isKept ? lines : wrapText(paragraph, width))];
    });
}
