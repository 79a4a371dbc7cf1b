/* Manual pages in the language of man(7): text in, lines of roff out. */

/** The name of a page and what it belongs to. */
export interface PageTitle {
  /** "daemonsup.toml" */
  readonly name: string;
  readonly section: number;
  /** What the page is of, in its name section. */
  readonly summary: string;
  /** "daemonsup 1.2.3" */
  readonly source: string;
}

/** The head of a page; what apropos(1) finds. */
export function pageHead({ name, section, summary, source }: PageTitle): readonly string[] {
  return [
    `.TH ${name.toUpperCase()} ${section} "" "${escaped(source)}"`,
    // Words are not cut, and lines not stretched: most of what stands here is to be typed.
    ".nh",
    ".ad l",
    ...heading("NAME"),
    `${escaped(name)} \\- ${escaped(summary)}`,
  ];
}

export function heading(title: string): readonly string[] {
  return [`.SH ${quoted(title)}`];
}

export function subheading(title: string): readonly string[] {
  return [`.SS ${quoted(title)}`];
}

/** Paragraphs with an empty line between them; lines that are indented are kept as they are. */
export function paragraphs(text: string): readonly string[] {
  return text
    .trim()
    .split(/\n\s*\n/)
    .flatMap((paragraph) => {
      const lines = paragraph.split("\n");
      const isKept = lines.some((line) => /^\s/.test(line));
      const body = lines.map((line) => roffLine(isKept ? line : line.trim()));
      return isKept ? [".PP", ".nf", ...body, ".fi"] : [".PP", ...body];
    });
}

/** A word in bold and, below it and indented, what it means. */
export function entry(word: string, meaning: string): readonly string[] {
  return [".TP", bold(word), ...meaning.split("\n").map(roffLine)];
}

/** A command line as it is typed. */
export function bold(text: string): string {
  return `\\fB${escaped(text)}\\fR`;
}

/** A line of running text; "code" in backquotes becomes bold. */
export function roffLine(text: string): string {
  const line = text
    .split("`")
    .map((part, index) => (index % 2 === 1 ? bold(part) : escaped(part)))
    .join("");
  // What begins with one of these would be taken for a request.
  return /^[.']/.test(line) ? `\\&${line}` : line;
}

function quoted(title: string): string {
  return `"${escaped(title).replaceAll('"', "\\(dq")}"`;
}

/** Text of which roff takes nothing for its own: also a hyphen stays what is typed. */
function escaped(text: string): string {
  return text.replaceAll("\\", "\\e").replaceAll("-", "\\-").replaceAll("~", "\\(ti").replaceAll("^", "\\(ha");
}
