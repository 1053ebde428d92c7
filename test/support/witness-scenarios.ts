/**
 * What the official conformance suite has for servers, by scenario: the checks of it that do not apply, each with the
 * reason; or one reason why none of it does.
 */
export const SCENARIOS: Readonly<Record<string, Readonly<Record<string, string>> | string>> = {
  'server-initialize': {},
  'server-stateless': {
    'sep-2575-server-rejects-undeclared-capability': 'wants the tool test_missing_capability',
    'sep-2575-missing-capability-http-400': 'wants the tool test_missing_capability',
    'sep-2575-http-server-no-independent-requests-on-stream': 'wants the tool test_streaming_elicitation',
    'sep-2575-server-no-log-without-loglevel': 'wants the tool test_logging_tool',
  },
  ping: {},
  'tools-list': {},
  'prompts-list': {},
  'dns-rebinding-protection': {},
  'server-sse-multiple-streams': {},
  caching: {
    'sep-2549-resources-list-caching-hints': 'the one resource is for clients that show views, and is not listed',
  },
  'http-header-validation': {},
  'sep-2164-resource-not-found': {
    'sep-2164-error-code': 'the one resource is for clients that show views',
    'sep-2164-data-uri': 'the one resource is for clients that show views',
  },
  'input-required-result-unsupported-methods': {},
  'input-required-result-validate-input': {}, // by refusing a tool that there is not

  'server-session-lifecycle': 'sessions hold no state, so that none can be ended',
  'server-sse-polling': 'sessions hold no state, and no events to resume from',
  'logging-set-level': 'the server sends clients no log messages',
  'completion-complete': 'wants the prompt test_prompt_with_arguments',
  ...toTable('wants a tool of its own test server', [
    'tools-call-simple-text',
    'tools-call-image',
    'tools-call-audio',
    'tools-call-embedded-resource',
    'tools-call-mixed-content',
    'tools-call-with-logging',
    'tools-call-error',
    'tools-call-with-progress',
    'tools-call-sampling',
    'tools-call-elicitation',
    'json-schema-2020-12',
    'elicitation-sep1034-defaults',
    'elicitation-sep1330-enums',
    'http-custom-header-server-validation',
    'input-required-result-basic-elicitation',
    'input-required-result-basic-sampling',
    'input-required-result-basic-list-roots',
    'input-required-result-request-state',
    'input-required-result-multiple-input-requests',
    'input-required-result-multi-round',
    'input-required-result-missing-input-response',
    'input-required-result-result-type',
    'input-required-result-tampered-state',
    'input-required-result-capability-check',
    'input-required-result-ignore-extra-params',
  ]),
  ...toTable('wants a prompt of its own test server', [
    'prompts-get-simple',
    'prompts-get-with-args',
    'prompts-get-embedded-resource',
    'prompts-get-with-image',
    'input-required-result-non-tool-request',
  ]),
  ...toTable('wants a resource of its own test server', [
    'resources-list',
    'resources-read-text',
    'resources-read-binary',
    'resources-templates-read',
    'resources-subscribe',
    'resources-unsubscribe',
  ]),
  ...toTable('an extension that the server does not have', [
    'sep-2640-skills-directory',
    'sep-2640-skills-enumeration',
    'sep-2640-skills-manifest',
    'tasks-lifecycle',
    'tasks-capability-negotiation',
    'tasks-wire-fields',
    'tasks-request-state-removal',
    'tasks-mrtr-input',
    'tasks-request-headers',
    'tasks-dispatch-and-envelope',
    'tasks-status-notifications',
    'tasks-required-task-error',
    'tasks-mrtr-composition',
  ]),
};

function toTable(reason: string, scenarios: readonly string[]): Record<string, string> {
  return Object.fromEntries(scenarios.map((scenario) => [scenario, reason]));
}
