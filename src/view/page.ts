import { draw } from './draw.ts';
import { connectHost } from './host.ts';
import { INERT_MS, run, type ViewTerms } from './run.ts';
import { style } from './style.ts';

const terms: ViewTerms = {
  answerTool: 'answer_confirmation',
  meta: 'workos-mcp/confirmation',
  inertMs: INERT_MS,
  freshMs: 10_000,
};

/**
 * The view as one document. Its functions are put in as text, so that they are checked and bundled as all sources are,
 * and each uses only what it is given: a bundler may rename everything else.
 */
export const page = `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Confirmation</title>
<style>${style}</style></head>
<body><main><div id="main"></div><p id="status" role="status">The client has not shown a call here yet.</p></main>
<script>(${run})(${connectHost}, ${draw}, ${JSON.stringify(terms)});</script></body>
</html>
`;
