/** Which of the tools that are on tools/list shows: all while they fit, all, or a core and the tools that find the rest. */
export const LIST_MODES = ['auto', 'all', 'core'] as const;
export type ListMode = (typeof LIST_MODES)[number];

/** Tokens that tools may cost a model before `auto` lists a core only. A model reads them before each first word. */
export const LIST_BUDGET_TOKENS = 6_000;
