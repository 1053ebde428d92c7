import { cases } from '../areas/index.ts';
import type { Example } from './case.ts';
import { catalog } from './catalog.ts';
import { plainCallOf, sandboxCallOf } from './sandbox-calls.ts';

/**
 * Calls of every tool, where somebody looks after Acme, Bluefern Health and their people. Each sees what those before it
 * did.
 */
export const EXAMPLES: Readonly<Record<string, readonly Example[]>> = {
  ...Object.fromEntries(
    catalog.tools.map((tool) => {
      const { args } = sandboxCallOf(tool) ?? { args: plainCallOf(tool) };
      const { opens, examples } = cases.get(tool.name) ?? {};
      // Every delete waits for a confirmation.
      const plain: Example = opens?.endsWith(':delete') ? { args, confirmed: true } : { args };
      return [tool.name, examples ?? [plain]];
    }),
  ),
  get_access_status: [
    { args: { name: 'delete_user' } },
    { says: 'By area; without a name it tells of all areas:', args: { name: 'mfa' } },
  ],
};
