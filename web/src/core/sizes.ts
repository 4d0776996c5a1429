// How many of what are asked for, listed and drawn at once, on whichever page.

/** Entries of the registry, reports or accounts that a call asks for where all of them are wanted; the service gives no more. */
export const PAGE = 1000;
/** The same for rows of sums. */
export const ROWS_PAGE = 10_000;
/** Lists up to here are drawn as they are, longer ones in a window of their own, of which only what is to be seen is drawn. */
export const DRAWN_WHOLE = 200;
/** Rows drawn above and below what is to be seen of a long list. */
export const OVERSCAN = 12;
/** Rows of a list that the service pages, more on request. */
export const STEP = 50;
/** What a search in passing shows of each sort; a field that something is chosen in; a list of lines. */
export const FOUND_IN_PASSING = 8;
export const FOUND = 50;
export const LINES_FOUND = 12;
/** Places and agencies that a table of one's own is of, where they are chosen one by one: each place is a question of its own. */
export const CHOSEN_MAX = 50;
/** Names that are asked for one by one at most. */
export const ASKED_ONE_BY_ONE = 20;
/** Questions under way at once for one answer. */
export const ASKED_AT_ONCE = 4;
/** Places in a chart: as bars, and as rows of a table of colours. */
export const PLACES_DRAWN = 12;
export const HEAT_PLACES = 8;
/** Entries of the journal in one file at most. */
export const EXPORT_MAX = 20_000;
