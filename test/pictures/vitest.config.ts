import { SUPPORTED_PROTOCOL_VERSIONS } from '@modelcontextprotocol/server';
import { defineConfig } from 'vitest/config';

// Pictures are taken with what the tests have for browsers, hosts and servers, but only when they are asked for: they
// differ by a few pixels between machines.
export default defineConfig({
  define: { REVISIONS: JSON.stringify(SUPPORTED_PROTOCOL_VERSIONS) },
  test: {
    include: ['test/pictures/screenshots.ts'],
    globalSetup: ['test/support/fresh-build.ts'],
    expect: { poll: { timeout: 10_000 } },
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
