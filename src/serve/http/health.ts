/** Milliseconds for which an answer holds. */
const CACHE_MS = 30_000;
/** Milliseconds after which a check that has not answered has failed. */
const CHECK_TIMEOUT_MS = 5_000;

/** A check throws when the server cannot do its work. What it throws is not told to whoever asks. */
export type Checks = Readonly<Record<string, () => Promise<void>>>;

/** Makes the function that says which checks fail: whoever asks, and however often, they run once in 30 seconds. */
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
