// How far the journal had come that an answer rests on. Of several instances of the service another may answer next: it is asked
// to be at least there.

/** Asks for it. */
export const AT_LEAST_HEADER = "huizong-at-least";

/** Tells it. */
export const POSITION_HEADER = "huizong-position";

function sequence(position: string): bigint {
  const digits = /^\d+/.exec(position)?.[0];
  return digits === undefined ? -1n : BigInt(digits);
}

/** The later of two positions; one that is none counts for nothing. */
export function later(one: string, other: string): string {
  return sequence(other) > sequence(one) ? other : one;
}
