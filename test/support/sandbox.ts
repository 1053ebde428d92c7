import type { Sandbox } from '../../src/sandbox/index.ts';

/** A fresh sandbox from the built file that the package carries. */
export async function openSandbox(): Promise<Sandbox> {
  const built = `${import.meta.dirname}/../../dist/sandbox.js`;
  const { openSandbox }: typeof import('../../src/sandbox/index.ts') = await import(built);
  return openSandbox();
}
