import { expect, it } from 'vitest';
import { toTransportError } from '../src/api/transport.ts';

// Whether a request may have reached WorkOS decides whether a write is sent again: only what fails while a connection
// comes about is known not to have.
it.each([
  [{ code: 'ECONNREFUSED', syscall: 'connect' }, false, 'connection refused'],
  [{ code: 'ENOTFOUND', syscall: 'getaddrinfo' }, false, 'host name not found'],
  [{ code: 'EHOSTUNREACH', syscall: 'connect' }, false, 'host unreachable'],
  [{ code: 'ETIMEDOUT', syscall: 'connect' }, false, 'no connection came about'],
  [{ code: 'UND_ERR_CONNECT_TIMEOUT' }, false, 'no connection came about in time'],
  [{ code: 'CERT_HAS_EXPIRED' }, false, 'no trusted TLS connection (CERT_HAS_EXPIRED)'],
  [{ code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' }, false, 'no trusted TLS connection (UNABLE_TO_VERIFY_LEAF_SIGNATURE)'],
  [{ code: 'EHOSTUNREACH', syscall: 'read' }, true, 'the HTTP exchange failed'],
  [{ code: 'ENETUNREACH', syscall: 'write' }, true, 'the HTTP exchange failed'],
  [{ code: 'ERR_SSL_SSLV3_ALERT_BAD_RECORD_MAC' }, true, 'the HTTP exchange failed'],
  [{ code: 'ECONNRESET', syscall: 'read' }, true, 'the connection was reset'],
  [{ code: 'UND_ERR_SOCKET' }, true, 'the connection broke off'],
  [{}, true, 'the HTTP exchange failed'],
])('%j may have been sent: %s', (fields, sent, message) => {
  expect(toTransportError(Object.assign(new Error('10.0.0.1 sk_test_secret'), fields))).toMatchObject({
    sent,
    message,
  });
});
