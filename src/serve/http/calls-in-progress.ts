import { randomBytes } from 'node:crypto';
import type { JSONRPCResponse, RequestId } from '@modelcontextprotocol/server';

/**
 * A client sends its answer as a request of its own, which may reach another replica. A relay brings it to the replica
 * that asked, and a cancellation of a call that waits for an answer.
 */
export type Relay = {
  /** Delivers what another replica gets for a question or its call. */
  readonly expect: (
    names: { readonly question: string; readonly call: string },
    on: { readonly answer: (response: JSONRPCResponse) => void; readonly cancel: () => void },
  ) => Expected;
  readonly pass: (question: string, response: JSONRPCResponse) => Promise<AnswerTaken>;
  readonly passCancel: (call: string) => Promise<void>;
};

type Expected = {
  /** Resolves once every replica takes the answer, or once the relay cannot be reached. */
  readonly ready: Promise<void>;
  readonly stop: () => void;
};

/** `away`: the relay cannot be reached, so that a replica may wait for the answer or not. */
export type AnswerTaken = 'taken' | 'not asked' | 'too long' | 'away';

/** A request of a client with a session, while it is served. */
export type RunningRequest = {
  readonly isCancelled: () => boolean;
  /**
   * Registers a question to the client. It is sent with the `id`, once it is `ready`: a client may answer at once, and at
   * another replica.
   */
  readonly ask: (deliver: (response: JSONRPCResponse) => void) => AskedQuestion;
  readonly end: () => void;
};

type AskedQuestion = { readonly id: string; readonly ready: Promise<void> | undefined };

export type CallsInProgress = {
  readonly begin: (session: string, id: RequestId, abort: () => void) => RunningRequest;
  /** Cancels a request of the session. At another replica, it can be cancelled while it waits for an answer. */
  readonly cancel: (session: string, id: unknown) => Promise<void>;
  /** Takes an answer for which a request of the session waits, here or at another replica. */
  readonly answer: (session: string, response: JSONRPCResponse) => Promise<AnswerTaken>;
};

/** All that is kept of a session: its requests that are being served, and the questions that they wait for. */
export function createCallsInProgress(relay: Relay | undefined): CallsInProgress {
  const running = new Map<string, () => void>();
  const questions = new Map<string, (response: JSONRPCResponse) => void>();
  const toKey = (session: string, id: unknown) => JSON.stringify([session, id]);

  return {
    begin: (session, id, abort) => {
      let cancelled = false;
      const cancel = () => {
        cancelled = true;
        abort();
      };
      const key = toKey(session, id);
      running.set(key, cancel);
      const closing: (() => void)[] = [];
      return {
        isCancelled: () => cancelled,
        ask: (deliver) => {
          // Random: an answer is matched by session and question, and no other client can guess the question.
          const id = randomBytes(16).toString('base64url');
          const question = toKey(session, id);
          const once = (response: JSONRPCResponse) => {
            if (questions.delete(question)) deliver(response);
          };
          questions.set(question, once);
          const expected = relay?.expect({ question, call: key }, { answer: once, cancel });
          closing.push(() => {
            questions.delete(question);
            expected?.stop();
          });
          return { id, ready: expected?.ready };
        },
        end: () => {
          // A client may have reused the ID, which the protocol forbids.
          if (running.get(key) === cancel) running.delete(key);
          for (const close of closing) close();
        },
      };
    },
    cancel: async (session, id) => {
      const call = toKey(session, id);
      const cancel = running.get(call);
      if (cancel === undefined) return relay?.passCancel(call);
      cancel();
    },
    answer: async (session, response) => {
      const question = toKey(session, response.id);
      const deliver = questions.get(question);
      if (deliver === undefined) return (await relay?.pass(question, response)) ?? 'not asked';
      deliver(response);
      return 'taken';
    },
  };
}
