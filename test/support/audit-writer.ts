// A process that records calls: `FILE RUN CALLS MAXBYTES`, bundled and started by audit-processes.test.ts.

import { toHeadText } from '../../src/audit/chain.ts';
import { openAuditFile } from '../../src/audit/file-sink.ts';
import { createAuditRecord } from '../../src/audit/record.ts';
import { userOf } from '../../src/files/file-owner.ts';

const [file = '', run = '', calls = '', maxBytes = '', end = 'stop'] = process.argv.slice(2);
const now = () => new Date();
const record = createAuditRecord({
  sink: await openAuditFile(file, { maxBytes: Number(maxBytes), run, now, user: userOf(process) }),
  run,
  now,
});
const call = { agent: run, tool: 'get_user', environment: 'staging' };
for (let count = 0; count < Number(calls); count += 1) {
  const decision = { ...call, area: 'users', access: 'read', ids: {}, decision: 'allowed', rule: '*:read' } as const;
  const of = await record.append(
    { kind: 'decision', ...decision, text: `${run} asked to read user ${count} in staging` },
    { sync: count % 100 === 0 },
  );
  if (end === 'hang' && count === Number(calls) - 1) {
    process.stdout.write('decided\n');
    setInterval(() => {}, 1_000);
    await new Promise(() => {});
  }
  await record.append({ kind: 'outcome', ...call, of, text: `${run} read user ${count}`, outcome: 'ok', ms: 1 });
  // Lets the other process and the syncs have their turn.
  if (count % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
}
await record.close();
process.stdout.write(`${toHeadText(record.head())}\n`);
