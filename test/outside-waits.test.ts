import { describe, expect, it } from 'vitest';
import { createOutsideWaits } from '../src/call/outside-waits.ts';
import { RefusedError } from '../src/errors.ts';
import { outOfLine } from '../src/serve/http/in-flight.ts';
import { connectCalling, isListed, NO_OBJECTS } from './support/calling.ts';

const FULL =
  'Too many calls are waiting for an answer from a person or for an event. Let some of them end, then call again.';

/** A wait that the test ends. */
function openWait() {
  let end = () => {};
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  return { wait: () => ended, end };
}

describe('calls that wait for something outside', () => {
  it('are four of an agent, whatever others do', async () => {
    const waits = createOutsideWaits();
    const { wait, end } = openWait();
    const all = [1, 2, 3, 4].map(() => waits('ann')(wait));
    await expect(waits('ann')(wait)).rejects.toThrow(FULL);
    all.push(waits('bob')(wait));
    end();
    await Promise.all(all);
    expect(await waits('ann')(async () => 'again')).toBe('again');
  });

  it('are 200 in all', async () => {
    const waits = createOutsideWaits();
    const { wait, end } = openWait();
    const all = Array.from({ length: 200 }, (_, index) => waits(`agent${index}`)(wait));
    await expect(waits('one more')(wait)).rejects.toThrow(FULL);
    end();
    await Promise.all(all);
  });

  it('are counted out when the wait fails', async () => {
    const waits = createOutsideWaits({ perAgent: 1, inAll: 1 });
    const fail = () => Promise.reject(new Error('no answer'));
    await expect(waits('ann')(fail)).rejects.toThrow('no answer');
    await expect(waits('ann')(fail)).rejects.toThrow('no answer');
  });

  it('leave their place in flight meanwhile, and take it again however they end', async () => {
    const steps: string[] = [];
    const place = {
      waitedMs: 0,
      stepOut: () => {
        steps.push('out');
        return () => void steps.push('in');
      },
    };
    await outOfLine(place, async () => void steps.push('waits'));
    await outOfLine(place, () => Promise.reject(new Error('gone'))).catch(() => steps.push('fails'));
    expect(steps).toEqual(['out', 'waits', 'in', 'out', 'in', 'fails']);
  });

  it.each([
    [false, 1],
    [true, 0],
  ])('are decided again after a person has answered; revoked meanwhile: %s', async (isRevokedThen, count) => {
    let [isRevoked, deletes] = [false, 0];
    const calling = await connectCalling({
      confirm: 'strict',
      stillAllowed: () => (isRevoked ? Promise.reject(new RefusedError('Revoked.', 'a reload')) : undefined),
      respond: () => {
        isRevoked = isRevokedThen;
        return { result: { action: 'accept', content: { confirm: 'E9GFC7' } } };
      },
      workos: ({ method, path }) => {
        if (method === 'DELETE') deletes += 1;
        if (isListed(path)) return NO_OBJECTS;
        return { object: 'user', id: 'user_01JFEMKE000000000000E9GFC7', email: 'femke@acme.test' };
      },
    });
    const { text } = await calling.call('delete_user', { user_id: 'user_01JFEMKE000000000000E9GFC7' });
    if (isRevokedThen) expect(text).toBe('delete_user was not sent. Revoked.');
    expect(deletes).toBe(count);
    await calling.close();
  });

  it('are refused beyond that, on record, and nothing is sent', async () => {
    const deletes: string[] = [];
    const calling = await connectCalling({
      confirm: 'strict',
      workos: ({ method, path }) => {
        if (method === 'DELETE') deletes.push(path);
        if (isListed(path)) return NO_OBJECTS;
        return { object: 'user', id: 'user_01JFEMKE000000000000E9GFC7', email: 'femke@acme.test' };
      },
    });
    const remove = () => calling.call('delete_user', { user_id: 'user_01JFEMKE000000000000E9GFC7' });
    for (let count = 0; count < 4; count += 1) remove().catch(() => {});
    await expect.poll(() => calling.asked.length).toBe(4);
    expect(await remove()).toMatchObject({ isError: true, text: `delete_user was not sent. ${FULL}` });
    expect(calling.record().at(-1)).toMatchObject({ kind: 'decision', decision: 'refused' });
    expect(deletes).toEqual([]);
    await calling.close();
  });
});
