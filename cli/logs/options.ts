/** The options that `sns host logs` and `sns pod logs` share. */
import { optional } from "@optique/core/modifiers";
import { integer, string, type ValueParser } from "@optique/core/valueparser";
import { flag, plain, valueOption } from "../command.ts";
import { parseSince } from "./since.ts";

/** Gives unix seconds for the time that it is asked at. */
export type Since = (now: number) => number;

const since: ValueParser<"sync", Since> = {
  ...(string({ metavar: "TIME" }) as unknown as ValueParser<"sync", Since>),
  parse: (input) =>
    parseSince(input, 0) === undefined
      ? {
        success: false,
        error: plain(
          `"${input}" is no time: write 10m, 1h30m, 2d, 2026-01-31T12:00:00Z or Unix seconds.`,
        ),
      }
      : { success: true, value: (now) => parseSince(input, now)! },
  format: () => "",
};

export const followFlag = () => flag(["-f", "--follow"], "Go on with what is written from now on");

export const sinceOption = () =>
  optional(
    valueOption(
      ["--since", "-t", "--timestamp"],
      since,
      "From 10m, 1h30m or 2d ago, from 2026-01-31T12:00:00Z (UTC unless it says otherwise), from Unix" +
        " seconds, or from -N seconds ago",
    ),
  );

export const tailOption = (text: string) =>
  optional(valueOption(["--tail"], integer({ metavar: "N", min: 1 }), text));
