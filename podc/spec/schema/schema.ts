/**
 * A schema says what a piece of YAML may be. As data it gives the JSON Schema for editors; with a
 * node it gives the typed value, or says all that is wrong with it.
 */
import type { Span } from "../../source/span.ts";
import type { YamlNode } from "../../source/yaml_node.ts";
import type { Reporter } from "../reporter.ts";

export interface Schema<T> {
  /** JSON Schema (2020-12) of the same. */
  readonly json: JsonSchema;
  /**
   * Reads `node`.
   *
   * @param name what the value is called in messages, such as `hostPort`
   * @returns `undefined` when it is wrong, which has been reported then
   */
  read(node: YamlNode, name: string, reporter: Reporter): T | undefined;
}

export type JsonSchema = { readonly [key: string]: unknown };

/** The type that a schema reads. */
export type ValueOf<S> = S extends Schema<infer T> ? T : never;

/** Something that is written in the file: its place, and its value unless that is wrong. */
export interface Found<T> {
  readonly value: T | undefined;
  /** Where the value stands. */
  readonly at: Span;
  /** Where its key stands, for an item of a list where the item does. */
  readonly key: Span;
}
