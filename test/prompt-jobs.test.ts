import { describe, it } from 'vitest';
import { declarations } from '../tools/index.ts';
import { doJob } from './support/jobs.ts';
import { admittingJobs } from './support/jobs-that-admit.ts';
import { endingJobs } from './support/jobs-that-end.ts';
import { readingJobs } from './support/jobs-that-read.ts';

// Each prompt is driven to its end on the sandbox: what its text says can be done, with the tools that it names.

const jobs = { ...admittingJobs, ...endingJobs, ...readingJobs };

describe.each(declarations.prompts)('$name', ({ name }) => {
  const own = jobs[name] ?? [];

  it('has a job', ({ expect }) => {
    expect(own).not.toEqual([]);
  });

  it.each(own.map((job) => ({ ...job, of: Object.values(job.args).join(', ') })))(
    'is done to its end: $of',
    (job) => doJob(name, job),
    30_000,
  );
});
