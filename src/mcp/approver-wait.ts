import { type InputRequiredResult, inputRequired, type ServerContext } from '@modelcontextprotocol/server';
import type { Caller } from '../call/caller.ts';
import type { ApprovalWait } from '../call/confirm/approvals.ts';
import { ANY_RESPONSE } from './any-response.ts';
import { withHeartbeat } from './heartbeat.ts';

/** Milliseconds that a call waits for an approver: many clients give a call up after a minute. */
const APPROVER_WAIT_MS = 45_000;

type WaitingClient = Pick<ServerContext['mcpReq'], 'send' | 'notify' | 'signal'> &
  Pick<Caller, 'onProgress' | 'waitOutside'> & {
    /** Whether the client is asked to open the console, which it has declared that it can. */
    readonly opens: boolean;
  };

/**
 * Waits for an approver. Resolves to whether the call goes on: not if it was cancelled, if there is no answer in time, if
 * too many calls wait already, or if the wait itself fails. The call waits in the console all the same.
 */
export async function waitForApprover(
  wait: ApprovalWait,
  { send, notify, signal, onProgress, waitOutside, opens }: WaitingClient,
): Promise<boolean> {
  const closing = new AbortController();
  const open = () => {
    const params = { mode: 'url', message: MESSAGE, url: wait.address, elicitationId: wait.handle };
    const request = { method: 'elicitation/create', params };
    // An answer says that an address was opened or not. It is never a yes, and never a no.
    send(request, ANY_RESPONSE, { timeout: APPROVER_WAIT_MS, signal: closing.signal }).catch(() => {});
  };
  try {
    return await waitOutside(() =>
      withHeartbeat(onProgress, async () => {
        if (opens) open();
        const isOver = await wait.isOver(APPROVER_WAIT_MS, signal);
        if (opens && isOver) {
          notify({ method: 'notifications/elicitation/complete', params: { elicitationId: wait.handle } }).catch(
            () => {},
          );
        }
        return isOver && !signal.aborted;
      }),
    );
  } catch {
    return false;
  } finally {
    closing.abort();
  }
}

/** The question with which a client of 2026-07-28 is asked to open the console. It calls again with the ID as its state. */
export const toOpening = ({ id, address }: ApprovalWait): InputRequiredResult =>
  inputRequired({
    inputRequests: { open: inputRequired.elicitUrl({ message: MESSAGE, url: address }) },
    requestState: id,
  });

const MESSAGE = 'This call waits for an approver. Open the console to see what it does, and to confirm or refuse it.';
