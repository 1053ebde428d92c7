/** Bytes up to this size need no place in a pool: the number of requests in flight bounds them. */
export const FREE_BYTES = 65_536;

/** A place in a pool, to be left exactly once, whether or not there was room for it. */
export type PoolPlace = { readonly leave: () => void };

/**
 * Bounds the bytes that requests of one kind hold in memory together. A place is for all bytes at once: requests that
 * waited for further ones while they hold some could block each other.
 */
export type BytePool = {
  /**
   * Enters the line. `onRoom` is called once there is room, at once if there is some already.
   * @param owner may hold at most a quarter of the pool, so that others find room
   */
  readonly enter: (owner: string, bytes: number, onRoom: () => void) => PoolPlace;
};

type Claim = { readonly owner: string; readonly bytes: number; readonly onRoom: () => void };

/** @param max bytes; a single claim over it has to wait until it is alone */
export function createBytePool(max: number): BytePool {
  const held = new Map<string, number>();
  /** The first come first. */
  const waiting = new Set<Claim>();
  let used = 0;

  const isOwnerFull = ({ owner, bytes }: Claim): boolean => {
    const own = held.get(owner) ?? 0;
    return own > 0 && own + bytes > max / 4;
  };
  const hold = ({ owner, bytes }: Claim, sign: 1 | -1): void => {
    used += sign * bytes;
    const own = (held.get(owner) ?? 0) + sign * bytes;
    if (own === 0) held.delete(owner);
    else held.set(owner, own);
  };
  const admit = (): void => {
    for (const claim of waiting) {
      if (isOwnerFull(claim)) continue;
      // A larger claim is not passed over, or smaller ones could keep it waiting forever.
      if (used > 0 && used + claim.bytes > max) return;
      waiting.delete(claim);
      hold(claim, 1);
      claim.onRoom();
    }
  };

  return {
    enter: (owner, bytes, onRoom) => {
      if (bytes <= FREE_BYTES) {
        onRoom();
        return { leave: () => {} };
      }
      const claim: Claim = { owner, bytes, onRoom };
      waiting.add(claim);
      admit();
      let isLeft = false;
      return {
        leave: () => {
          if (isLeft) return;
          isLeft = true;
          if (!waiting.delete(claim)) hold(claim, -1);
          admit();
        },
      };
    },
  };
}
