/** What stands for a percent sign and a letter in the values of a template's instance. */
export interface Specifiers {
  /** %i: what stands behind the @. */
  readonly instance: string;
  /** %p: what stands before the @. */
  readonly template: string;
  /** %n: the whole name. */
  readonly name: string;
  /** %H: the name of this host. */
  readonly host: string;
}

/** The text with every specifier replaced; null if it has one that there is not. %% is a percent sign. */
export function expandSpecifiers(text: string, { instance, template, name, host }: Specifiers): string | null {
  const values = new Map([
    ["i", instance],
    ["p", template],
    ["n", name],
    ["H", host],
    ["%", "%"],
  ]);
  let isSound = true;
  const expanded = text.replace(/%([\s\S]?)/g, (_, letter: string) => {
    const value = values.get(letter);
    if (value === undefined) isSound = false;
    return value ?? "";
  });
  return isSound ? expanded : null;
}
