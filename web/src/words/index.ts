// All words of the screen, Chinese first, a file for each subject. What the service says (labels, findings, problems) it
// says in both languages itself. One concept has one term everywhere.
import { administration } from "./administration";
import { figures } from "./figures";
import { filling } from "./filling";
import { frame } from "./frame";
import { journal } from "./journal";
import { progress } from "./progress";
import { reminding } from "./reminding";
import { reviewing } from "./reviewing";
import { signIn } from "./signIn";
import { states } from "./states";

/** A word in Chinese and in English; `{name}` stands for a value. */
export type Words = Record<string, readonly [string, string]>;

export const words = { ...frame, ...signIn, ...states, ...figures, ...filling, ...reviewing, ...progress, ...reminding, ...administration, ...journal };

export type Word = keyof typeof words;
