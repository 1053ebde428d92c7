import { SUPPORTED_PROTOCOL_VERSIONS } from '@modelcontextprotocol/server';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  resolve: { tsconfigPaths: true },
  // As the build does.
  define: { REVISIONS: JSON.stringify(SUPPORTED_PROTOCOL_VERSIONS) },
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 20_000,
    expect: { poll: { timeout: 10_000 } },
  },
});
