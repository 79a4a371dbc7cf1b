import type { ObjectShape, OtherwiseShape, Shape } from "./shape.ts";

export type Json = Readonly<Record<string, unknown>>;

export interface DescribeOptions {
  /** Requests are strict; whoever reads answers must not stumble over what a later version adds. */
  readonly isRequest: boolean;
  /** The reference to a shape that is described elsewhere; null: it is described in place. */
  readonly referenceTo: (shape: Shape) => Json | null;
}

/** The JSON Schema (draft 2020-12) of a shape; what has a name of its own inside it is only referred to. */
export function describeShape(shape: Shape, options: DescribeOptions): Json {
  switch (shape.tag) {
    case "text":
      return { type: "string", ...(shape.most === Number.POSITIVE_INFINITY ? {} : { maxLength: shape.most }) };
    case "moment":
      return { type: "string", format: "date-time" };
    case "whole":
      return {
        type: "integer",
        ...(shape.least === Number.NEGATIVE_INFINITY ? {} : { minimum: shape.least }),
        ...(shape.most === Number.POSITIVE_INFINITY ? {} : { maximum: shape.most }),
      };
    case "number":
      return { type: "number" };
    case "flag":
      return { type: "boolean" };
    case "choice":
      return { type: "string", enum: shape.values };
    case "null-or":
      return { anyOf: [describeInside(shape.of, options), { type: "null" }] };
    case "list":
      return {
        type: "array",
        items: describeInside(shape.item, options),
        ...(shape.least === 0 ? {} : { minItems: shape.least }),
        ...(shape.most === Number.POSITIVE_INFINITY ? {} : { maxItems: shape.most }),
      };
    case "object":
      return describeObject(shape, options);
  }
}

/** A member, or a parameter, with what counts when it is left out. */
export function describeMember(member: Shape | OtherwiseShape<Shape>, options: DescribeOptions): Json {
  if (member.tag !== "otherwise") return describeInside(member, options);
  return { ...describeInside(member.of, options), default: member.value };
}

function describeInside(shape: Shape, options: DescribeOptions): Json {
  return options.referenceTo(shape) ?? describeShape(shape, options);
}

function describeObject({ members, isOpen }: ObjectShape, options: DescribeOptions): Json {
  const entries = Object.entries(members);
  const required = entries.filter(([, member]) => member.tag !== "otherwise").map(([name]) => name);
  return {
    type: "object",
    properties: Object.fromEntries(entries.map(([name, member]) => [name, describeMember(member, options)])),
    ...(required.length === 0 ? {} : { required }),
    ...(options.isRequest && !isOpen ? { additionalProperties: false } : {}),
  };
}
