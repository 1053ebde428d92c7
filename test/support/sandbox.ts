import type { Sandbox } from '../../sandbox/index.ts';

/** A fresh sandbox from the built file that the package carries. */
export async function openSandbox(): Promise<Sandbox> {
  const built = `${import.meta.dirname}/../../dist/sandbox.js`;
  const { openSandbox }: typeof import('../../sandbox/index.ts') = await import(built);
  return openSandbox();
}
