import * as z from "zod";
import { MAX_ARGUMENT, fail, text } from "./schema-parts.ts";
import { splitWords } from "./shell-words.ts";
import { wanted } from "./want.ts";

/** More arguments than these are refused: what is generated belongs into a file. */
const MAX_ARGUMENTS = 1024;

/** A command: a list of a program and its arguments, or one string that is split as a shell splits words. */
export function command(): z.ZodType<string[], string | string[]> {
  const want = `a list, like ["/usr/bin/api", "--port", "8080"], or one string`;
  const argument = z.string({ error: ({ input }) => wanted("a string", suggestString(input)) }).refine(isArgument, {
    error: `a string without NUL characters of at most ${MAX_ARGUMENT} characters`,
  });
  const list = z
    .array(argument, { error: want })
    .min(1, `a program to run`)
    .max(MAX_ARGUMENTS, `at most ${MAX_ARGUMENTS}`);
  return z.union([list, text(want, MAX_ARGUMENT).transform(split)], { error: want }).transform((words, context) => {
    return words[0] === "" ? fail(context, words, "the program to run as its first word") : words;
  });
}

function split(line: string, context: z.RefinementCtx): string[] {
  const result = splitWords(line);
  switch (result.tag) {
    case "words":
      if (result.words.length === 0) return fail(context, line, "a program to run");
      if (result.words.length > MAX_ARGUMENTS) return fail(context, line, `at most ${MAX_ARGUMENTS} words`);
      return [...result.words];
    case "unfinished":
      return fail(context, line, `a command without ${result.what}`);
    case "needs-shell":
      return fail(
        context,
        line,
        wanted(`no unquoted ${JSON.stringify(result.character)}, as no shell runs here`, shellHintOf(line)),
      );
  }
}

function shellHintOf(line: string): string {
  const script = line.length > 200 ? "..." : line;
  return `write ["/bin/sh", "-c", ${JSON.stringify(script)}]`;
}

function isArgument(value: string): boolean {
  return value.length <= MAX_ARGUMENT && !value.includes("\0");
}

function suggestString(input: unknown): string | null {
  return typeof input === "number" || typeof input === "boolean" ? `did you mean "${input}"?` : null;
}
