import type MiniSearch from 'minisearch';
import type { Catalog } from '../../catalog/catalog.ts';
import type { Tool } from '../../catalog/tool.ts';

/** The names of the tools that fit a question in a person's words, the best first. */
export type Search = (query: string, isVisible: (name: string) => boolean) => readonly string[];

/** How much a match in each part of a tool counts. */
const WEIGHTS = { name: 3, words: 3, description: 2, area: 1, meaning: 0.5, arguments: 0.5 };

type IndexedTool = Readonly<Record<keyof typeof WEIGHTS, string>> & { readonly id: string };

/** Words of a question that say nothing of what is asked. */
const EMPTY_WORDS: ReadonlySet<string> = new Set(
  `a about all am an and any are as at be been by can could did do does for from give had has have he her him his how i
  if in into is it its let like make me my need of on one or our out please set she should so some someone somebody tell
  than that the their them then there they this to tool tools up us use using want was we were what when where which who
  whose why will with would you your`.split(/\s+/),
);

/**
 * Opens the search over a catalogue: BM25 on words, with no model and no network, so that the same question has the same
 * answer. The library and the index are made on the first call and shared by all agents.
 */
export function createSearch({ tools, areas }: Catalog): () => Promise<Search> {
  const meanings = new Map(areas.map(({ name, title, meaning }) => [name, `${title} ${meaning}`]));
  const toEntry = ({ name, description, words = '', area, input }: Tool): IndexedTool => ({
    id: name,
    name,
    words,
    description,
    area,
    meaning: meanings.get(area) ?? '',
    arguments: Object.keys(input).join(' '),
  });
  let opened: Promise<Search> | undefined;
  const open = async (): Promise<Search> => {
    const { default: Index } = await import('minisearch');
    const index: MiniSearch<IndexedTool> = new Index({
      fields: Object.keys(WEIGHTS),
      processTerm: toTerm,
      searchOptions: {
        boost: WEIGHTS,
        prefix: (term) => term.length > 3,
        fuzzy: (term) => (term.length > 5 ? 0.2 : 0),
      },
    });
    index.addAll(tools.map(toEntry));
    return (query, isVisible) => index.search(query, { filter: ({ id }) => isVisible(id) }).map(({ id }) => id);
  };
  return () => {
    opened ??= open();
    return opened;
  };
}

/** The form in which a word is compared: small letters, without the endings that do not change what is meant. */
function toTerm(word: string): string | null {
  const small = word.toLowerCase();
  if (small.length < 2 || EMPTY_WORDS.has(small)) return null;
  return small.length > 4
    ? small.replace(/(?:ies|y)$/, 'i').replace(/(?:ing|ed|es|s|e)$/, '')
    : small.replace(/s$/, '');
}
