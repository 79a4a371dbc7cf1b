/** A C file imported with { type: "text" }. */
declare module "*.c" {
  const text: string;
  export default text;
}
