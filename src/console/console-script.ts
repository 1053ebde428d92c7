import { INERT_MS } from '../view/run.ts';
import { headerOf } from './kept-tokens.ts';
import { pageScript } from './pages/page-script.ts';
import { runConsole, type ScriptTerms } from './session-script.ts';

const terms: ScriptTerms = { session: headerOf('session'), attempt: headerOf('attempt'), againMs: 3_000 };

/**
 * The script of all pages. Its functions are put in as text, so that they are checked and bundled as all sources are, and
 * each uses only what it is given: a bundler may rename everything else.
 */
export const consoleScript = `(${runConsole})((${pageScript})(${INERT_MS}), ${JSON.stringify(terms)});`;
