/** A piece of a text with variables: itself, or what stands for a value. */
export type VariablePiece =
  | { readonly tag: "text"; readonly text: string }
  /** `fallback` holds where the variable is unset or empty, and may have variables itself; null: there is none. */
  | { readonly tag: "variable"; readonly name: string; readonly fallback: string | null };

const NAME = /^[A-Za-z_][A-Za-z0-9_]*/;

/**
 * Cuts a text at its variables: ${NAME} and ${NAME:-fallback}; $$ is a dollar, and a dollar before anything else stands for
 * itself. In the words of a command $$ is left as it is where no name, brace or dollar follows: there it is a shell's own
 * number. null: a ${ that is no variable.
 */
export function parseVariableText(text: string, isCommand: boolean): readonly VariablePiece[] | null {
  const pieces: VariablePiece[] = [];
  let plain = "";
  for (let at = 0; at < text.length;) {
    const dollars = runAt(text, at);
    if (dollars === 0) {
      const next = text.indexOf("$", at);
      plain += text.slice(at, next === -1 ? text.length : next);
      at = next === -1 ? text.length : next;
      continue;
    }
    const end = at + dollars;
    const isVariable = dollars % 2 === 1 && text[end] === "{";
    const isShells = isCommand && dollars === 2 && !/[A-Za-z0-9_{]/.test(text[end] ?? "");
    plain += "$".repeat(isShells ? 2 : isVariable ? (dollars - 1) / 2 : Math.ceil(dollars / 2));
    at = end;
    if (!isVariable) continue;
    const close = closingBraceOf(text, end);
    const variable = close === -1 ? null : parseInside(text.slice(end + 1, close));
    if (variable === null) return null;
    pieces.push({ tag: "text", text: plain }, variable);
    plain = "";
    at = close + 1;
  }
  return [...pieces, { tag: "text", text: plain }];
}

/** Where the brace opened at `at` is closed, others inside it counted; -1 if it is not. */
export function closingBraceOf(text: string, at: number): number {
  let depth = 0;
  for (let end = at; end < text.length; end++) {
    if (text[end] === "{" && (end === at || text[end - 1] === "$")) depth++;
    else if (text[end] === "}" && --depth === 0) return end;
  }
  return -1;
}

function parseInside(inside: string): VariablePiece | null {
  const name = NAME.exec(inside)?.[0];
  if (name === undefined) return null;
  const rest = inside.slice(name.length);
  if (rest === "") return { tag: "variable", name, fallback: null };
  return rest.startsWith(":-") ? { tag: "variable", name, fallback: rest.slice(2) } : null;
}

/** How many dollars stand here in a row. */
function runAt(text: string, at: number): number {
  let end = at;
  while (text[end] === "$") end++;
  return end - at;
}
