import { setTimeout } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Page, type Walk, walk } from '../src/workos/paginate.ts';

const item = (index: number) => ({ id: `id_${index}` });

/** A list of so many items served as WorkOS serves it, and a walk over it. */
async function run(size: number, options: Partial<Walk> = {}, start?: string, serve?: (page: Page) => Page) {
  const list = Array.from({ length: size }, (_, index) => item(index));
  const taken: unknown[] = [];
  const limits: number[] = [];
  const progress: number[] = [];
  const end = await walk(
    {
      maxItems: 1_000,
      backwards: false,
      take: (items) => {
        taken.push(...items.map(({ id }) => id));
        return items.length;
      },
      isOutOfTime: () => false,
      onPage: (count) => progress.push(count),
      isPartial: () => false,
      fits: () => options.take === undefined,
      fetchPage: async (limit, cursor) => {
        limits.push(limit);
        const at = cursor === undefined ? -1 : list.findIndex(({ id }) => id === cursor);
        const items = options.backwards ? list.slice(Math.max(0, at - limit), at) : list.slice(at + 1, at + 1 + limit);
        const edge = options.backwards ? items[0] : items.at(-1);
        const more = options.backwards ? edge !== list[0] : edge !== list.at(-1);
        const page = { items, next: more && edge !== undefined ? edge.id : null, bytes: 1_000 };
        return serve === undefined ? page : serve(page);
      },
      ...options,
    },
    start,
  );
  return { end, taken, limits, progress };
}

describe('a walk', () => {
  it('goes to the end of the list, a hundred at a time', async () => {
    const { end, taken, limits, progress } = await run(250);
    expect(end).toEqual({ reason: 'end', next: null, count: 250, scanned: 250, duplicates: 0 });
    expect(taken).toHaveLength(250);
    expect(limits).toEqual([100, 100, 100]);
    expect(progress).toEqual([100, 200, 250]);
  });

  it('asks for no more than it may take', async () => {
    const { end, limits } = await run(500, { maxItems: 130 });
    expect(end).toEqual({ reason: 'max_items', next: 'id_129', count: 130, scanned: 130, duplicates: 0 });
    expect(limits).toEqual([100, 30]);
  });

  it('takes no more than that from a page that is too long', async () => {
    const { end } = await run(5, {
      maxItems: 2,
      fetchPage: async () => ({ items: [0, 1, 2, 3].map(item), next: 'id_3', bytes: 1_000 }),
    });
    expect(end).toMatchObject({ reason: 'max_items', next: 'id_1', count: 2 });
  });

  it('goes backwards from a cursor, nearest first', async () => {
    const { end, taken } = await run(10, { maxItems: 3, backwards: true }, 'id_7');
    expect(taken).toEqual(['id_6', 'id_5', 'id_4']);
    expect(end).toMatchObject({ reason: 'max_items', next: 'id_4' });
  });

  it('stops where there is no more room, at the last item that had some', async () => {
    let left = 120;
    const take = (items: readonly unknown[]) => {
      const count = Math.min(left, items.length);
      left -= count;
      return count;
    };
    expect((await run(300, { take })).end).toMatchObject({ reason: 'size', next: 'id_119', count: 120 });
  });

  it('has the next page on its way while it takes one that has room for sure', async () => {
    const steps: string[] = [];
    const asks = (page: Page): Page => {
      steps.push(`asked for ${page.items[0]?.id}`);
      return page;
    };
    const take: Walk['take'] = (items) => {
      steps.push(`took ${items[0]?.id}`);
      return items.length;
    };
    await run(250, { take, fits: () => true, maxItems: 220 }, undefined, asks);
    expect(steps.splice(0)).toEqual([
      'asked for id_0',
      'asked for id_100',
      'took id_0',
      'asked for id_200',
      'took id_100',
      'took id_200',
    ]);
    await run(250, { take, fits: () => false }, undefined, asks);
    expect(steps.slice(0, 3)).toEqual(['asked for id_0', 'took id_0', 'asked for id_100']);
  });

  it('drops a page ahead for which there is no room after all, once it has come', async () => {
    let under = 0;
    const fetchPage: Walk['fetchPage'] = async (_, cursor) => {
      under += 1;
      await setTimeout(20);
      under -= 1;
      if (cursor !== undefined) throw new Error('nobody waits for this one');
      return { items: [item(0), item(1)], next: 'id_1', bytes: 10 };
    };
    const { end } = await run(9, { take: () => 1, fits: () => true, fetchPage });
    expect(end).toEqual({ reason: 'size', next: 'id_0', count: 1, scanned: 1, duplicates: 0 });
    expect(under).toBe(0);
  });

  it('stops when time is out', async () => {
    expect((await run(300, { isOutOfTime: () => true })).end).toMatchObject({
      reason: 'time',
      next: 'id_99',
      count: 100,
    });
  });

  it.each([
    true,
    false,
  ])('keeps what it has where a later page fails, if it may; on its way while others were taken: %s', async (ahead) => {
    const fits = () => ahead;
    const failing = (page: Page): Page => {
      if (page.items[0]?.id === 'id_100') throw new Error('broken');
      return page;
    };
    expect((await run(300, { fits, isPartial: () => true }, undefined, failing)).end).toMatchObject({
      reason: 'error',
      next: 'id_99',
      count: 100,
      error: new Error('broken'),
    });
    await expect(run(300, { fits }, undefined, failing)).rejects.toThrow('broken');
    await expect(
      run(300, { fits, isPartial: () => true }, undefined, () => {
        throw new Error('at once');
      }),
    ).rejects.toThrow('at once');
  });

  it.each<[string, (page: Page) => Page]>([
    ['a cursor that repeats', (page) => ({ ...page, next: 'id_99' })],
    ['a page that brings nothing new', (page) => ({ ...page, items: [item(0)] })],
    ['an empty page that is not the last', (page) => ({ ...page, items: [] })],
  ])('ends at %s', async (_, serve) => {
    expect((await run(1_000, { maxItems: 900 }, undefined, serve)).end).toMatchObject({ reason: 'loop' });
  });

  it('drops and counts what comes twice', async () => {
    const overlapping = (page: Page): Page => ({ ...page, items: [item(3), ...page.items] });
    const { end, taken } = await run(150, {}, undefined, overlapping);
    expect(new Set(taken).size).toBe(taken.length);
    expect(end).toMatchObject({ reason: 'end', count: 150, duplicates: 2 });
  });

  it('in several calls brings every item once, whatever stops each of them', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 700 }),
        fc.array(fc.record({ maxItems: fc.integer({ min: 1, max: 250 }), room: fc.integer({ min: 1, max: 250 }) }), {
          minLength: 1,
          maxLength: 5,
        }),
        async (size, calls) => {
          const all: unknown[] = [];
          let cursor: string | undefined;
          for (let call = 0; ; call += 1) {
            const { maxItems, room } = calls[call % calls.length] ?? expect.fail();
            let left = room;
            const take = (items: readonly Record<string, unknown>[]) => {
              const kept = items.slice(0, left);
              left -= kept.length;
              all.push(...kept.map(({ id }) => id));
              return kept.length;
            };
            const { end } = await run(size, { maxItems, take }, cursor);
            if (end.next === null) break;
            cursor = end.next;
          }
          expect(all).toEqual(Array.from({ length: size }, (_, index) => `id_${index}`));
        },
      ),
      { numRuns: 50 },
    );
  });
});
