import { StartError } from '../errors.ts';

/** What an action comes to; a StartError is thrown on with more around its message. */
export async function rephrase<T>(act: () => T | Promise<T>, say: (message: string) => string): Promise<T> {
  try {
    return await act();
  } catch (error) {
    throw error instanceof StartError ? new StartError(say(error.message)) : error;
  }
}
