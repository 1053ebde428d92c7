import { spawnSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { MAIN } from './support/built.ts';

/** Bytes of all that is installed. */
const MAX_DIST_BYTES = 4_000_000;

describe('workos-mcp demo', () => {
  it('shows a whole conversation, wherever it is run and whatever is set, and says what to try next', () => {
    const env = { WORKOS_API_KEY: 'sk_live_canary1234', WORKOS_MCP_DENY: '*:full' };
    const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, 'demo'], { cwd: '/', env, encoding: 'utf8' });
    expect([status, stderr]).toEqual([0, '']);
    for (const part of [
      '> list_organizations {"limit":3}\n  org_',
      'Acme: admin, active',
      'gwen@bluefern.test: saml_response_signature_invalid',
      'Did you mean "user_id"?',
      'it has to be confirmed',
      '  deleted\n',
      'refused: Tool delete_organization not found',
      'confirmation repeated by the model',
      'Next, without an account as well:',
    ])
      expect(stdout).toContain(part);
    expect(stdout).not.toContain('which it must not be');
    expect(stdout).not.toContain('canary');
  });

  it('takes nothing else', () => {
    const { status, stderr } = spawnSync(process.execPath, [MAIN, 'demo', 'now'], { encoding: 'utf8' });
    expect([status, stderr]).toEqual([2, 'workos-mcp: demo takes no arguments: "now" is unexpected.\n']);
  });

  it('leaves the program small enough to install', () => {
    const dist = dirname(MAIN);
    const bytes = readdirSync(dist).map((file) => statSync(join(dist, file)).size);
    expect(bytes.reduce((sum, one) => sum + one, 0)).toBeLessThan(MAX_DIST_BYTES);
  });
});
