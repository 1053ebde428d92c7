import { StartError } from '../../errors.ts';
import { openRedis } from '../../redis/connect.ts';

/** Resolves where a Redis can be used. @throws StartError without the URL, which may hold a password */
export async function reachRedis(url: string): Promise<void> {
  let why = 'no answer';
  const redis = await openRedis(url, {
    onChange: (_, reason) => {
      why = reason;
    },
  });
  const isUp = redis.isUp();
  await redis.close();
  if (!isUp) throw new StartError(`--redis-url: Redis cannot be used (${why}).`);
}
