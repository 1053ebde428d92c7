import { availableParallelism } from 'node:os';
import { SUPPORTED_PROTOCOL_VERSIONS } from '@modelcontextprotocol/server';
import { configDefaults, defineConfig } from 'vitest/config';
import { filesWithProcesses } from './test/support/processes.ts';

const LONG = 'test/long/**/*.test.ts';
const withProcesses = filesWithProcesses();
const globalSetup = ['test/support/fresh-build.ts'];

export default defineConfig({
  resolve: { tsconfigPaths: true },
  // As the build does.
  define: { REVISIONS: JSON.stringify(SUPPORTED_PROTOCOL_VERSIONS) },
  test: {
    // These find tests that hang. A busy machine must not fail one that only takes its time.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    expect: { poll: { timeout: 30_000 } },
    // A worker keeps the modules that it has loaded for all the files that it runs: a third of the time goes into loading.
    isolate: false,
    maxWorkers: availableParallelism(),
    // Vitest cannot see that a test depends on the program that it starts.
    watchTriggerPatterns: [
      { pattern: /\/(src|tools|sandbox)\/.*\.ts$|\/scripts\/build\.mjs$/, testsToRun: () => [...withProcesses] },
    ],
    projects: [
      {
        extends: true,
        test: {
          name: 'quick',
          include: ['test/**/*.test.ts'],
          exclude: [...configDefaults.exclude, LONG, ...withProcesses],
        },
      },
      {
        extends: true,
        test: { name: 'built', include: [...withProcesses], exclude: [...configDefaults.exclude, LONG], globalSetup },
      },
      { extends: true, test: { name: 'long', include: [LONG], globalSetup } },
    ],
  },
});
