/** Milliseconds for which a result is reused. */
const CACHE_MS = 30_000;
/** Milliseconds after which an unfinished check counts as failed. */
const CHECK_TIMEOUT_MS = 5_000;

/** A check throws when the server cannot work. The error is not shown to the client that probes. */
export type Checks = Readonly<Record<string, () => Promise<void>>>;

/** Creates the function that tells which checks fail. They run at most once in 30 seconds for any number of probes. */
export function createReadiness(checks: Checks, now: () => number): () => Promise<readonly string[]> {
  let latest: { readonly at: number; readonly failed: Promise<readonly string[]> } | undefined;
  return () => {
    if (!latest || now() - latest.at >= CACHE_MS) latest = { at: now(), failed: run(checks) };
    return latest.failed;
  };
}

async function run(checks: Checks): Promise<readonly string[]> {
  const failed = await Promise.all(
    Object.entries(checks).map(async ([name, check]) => {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<true>((resolve) => {
        timer = setTimeout(resolve, CHECK_TIMEOUT_MS, true);
      });
      const failing = await Promise.race([late, inTurn(check)]);
      clearTimeout(timer);
      return failing ? [name] : [];
    }),
  );
  return failed.flat();
}

async function inTurn(check: () => Promise<void>): Promise<boolean> {
  try {
    await check();
    return false;
  } catch {
    return true;
  }
}
