/** Milliseconds between two looks, and by which one is late on an idle machine. */
const EVERY = 20;
const ROUNDING = 3;

let late = 0;
let last = performance.now();
setInterval(() => {
  const at = performance.now();
  late += Math.max(0, at - last - EVERY - ROUNDING);
  last = at;
}, EVERY).unref();

/**
 * Starts to measure how long this process has to wait for the processor, because of other work on the machine: what
 * bounds on the real clock have to allow. It is next to nothing on an idle one.
 * @returns what tells the milliseconds so far
 */
export function measureLag(): () => number {
  const before = late;
  return () => late - before;
}
