/*
 * What a message looks like, as plain data: judged by one function, described by another, and typed by the compiler, so that
 * there is one list of members for all three. A schema library would do the same and cost a supervisor of many services a third
 * of its memory.
 */

/** `most`: in characters. */
interface TextShape {
  readonly tag: "text";
  readonly most: number;
}

/** A time in ISO 8601 with a zone. */
interface MomentShape {
  readonly tag: "moment";
}

/** An integer; in a query up to nine digits. */
interface WholeShape {
  readonly tag: "whole";
  readonly least: number;
  readonly most: number;
}

interface NumberShape {
  readonly tag: "number";
}

/** true or false; in a query also 1, 0 and nothing, which is yes. */
interface FlagShape {
  readonly tag: "flag";
}

interface ChoiceShape<Value extends string = string> {
  readonly tag: "choice";
  readonly values: readonly Value[];
}

/** In a query there is no null: what is not said is. */
interface NullOrShape<Of = unknown> {
  readonly tag: "null-or";
  readonly of: Of;
}

/** `least`, `most`: items. */
interface ListShape<Item = unknown> {
  readonly tag: "list";
  readonly item: Item;
  readonly least: number;
  readonly most: number;
}

/** `isOpen`: others than these are let through, and left out. */
export interface ObjectShape<Members extends MemberShapes = MemberShapes> {
  readonly tag: "object";
  readonly members: Members;
  readonly isOpen: boolean;
}

/** What a member of an object looks like that may be left out, and what counts then. */
export interface OtherwiseShape<Of = unknown, Value = unknown> {
  readonly tag: "otherwise";
  readonly of: Of;
  readonly value: Value;
}

export type Shape =
  | TextShape
  | MomentShape
  | WholeShape
  | NumberShape
  | FlagShape
  | ChoiceShape
  | NullOrShape<Shape>
  | ListShape<Shape>
  | ObjectShape;

export type MemberShapes = Readonly<Record<string, Shape | OtherwiseShape<Shape>>>;

/** The values that have this shape; unknown where only that it is one is known. */
export type ValueOf<S> = Shape extends S ? unknown : ValueInside<S>;

type ValueInside<S> =
  S extends OtherwiseShape<infer Of, infer Value>
    ? ValueOf<Of> | Value
    : S extends NullOrShape<infer Of>
      ? ValueOf<Of> | null
      : S extends ListShape<infer Item>
        ? readonly ValueOf<Item>[]
        : S extends ObjectShape<infer Members>
          ? { readonly [Name in keyof Members]: ValueOf<Members[Name]> }
          : S extends ChoiceShape<infer Value>
            ? Value
            : S extends TextShape | MomentShape
              ? string
              : S extends WholeShape | NumberShape
                ? number
                : boolean;

/** `most`: in characters. */
export function text(most: number = Number.POSITIVE_INFINITY): TextShape {
  return { tag: "text", most };
}

export function moment(): MomentShape {
  return { tag: "moment" };
}

/** An integer within these bounds. */
export function whole(least: number = Number.NEGATIVE_INFINITY, most: number = Number.POSITIVE_INFINITY): WholeShape {
  return { tag: "whole", least, most };
}

export function number(): NumberShape {
  return { tag: "number" };
}

export function flag(): FlagShape {
  return { tag: "flag" };
}

export function choice<const Value extends string>(values: readonly Value[]): ChoiceShape<Value> {
  return { tag: "choice", values };
}

export function nullOr<Of extends Shape>(of: Of): NullOrShape<Of> {
  return { tag: "null-or", of };
}

/** `least`, `most`: items. */
export function list<Item extends Shape>(item: Item, least = 0, most = Number.POSITIVE_INFINITY): ListShape<Item> {
  return { tag: "list", item, least, most };
}

/** An object with these members and no other. */
export function object<Members extends MemberShapes>(members: Members): ObjectShape<Members> {
  return { tag: "object", members, isOpen: false };
}

/** An object with these members and perhaps others. */
export function openObject<Members extends MemberShapes>(members: Members): ObjectShape<Members> {
  return { tag: "object", members, isOpen: true };
}

/** What may be left out; `value` counts then. */
export function otherwise<Of extends Shape, const Value>(of: Of, value: Value): OtherwiseShape<Of, Value> {
  return { tag: "otherwise", of, value };
}

/** What may be left out, which is the same as null. */
export function optional<Of extends Shape>(of: Of): OtherwiseShape<NullOrShape<Of>, null> {
  return otherwise(nullOr(of), null);
}
