import { describe, it } from 'vitest';
import { built } from './support/built.ts';
import { doJob } from './support/jobs.ts';
import { admittingJobs } from './support/jobs-that-admit.ts';
import { endingJobs } from './support/jobs-that-end.ts';
import { readingJobs } from './support/jobs-that-read.ts';

// The tools' texts and schemas are prepared by the build: what agents are led through works with these, too.

describe.each(Object.entries({ ...admittingJobs, ...endingJobs, ...readingJobs }))('%s', (name, jobs) => {
  it('is done to its end', async () => {
    for (const job of jobs) await doJob(name, job, built);
  }, 60_000);
});
